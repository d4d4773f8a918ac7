// The digest of everything that a file says beside its datasets' values: the
// names of its groups and datasets, their types and shapes, and all attributes,
// each dataset's own digest (`sha256`) among them. So the root's attribute
// `contents_sha256` vouches for the whole file.
//
// It is SHA-256 of, for every group and dataset, the root first, members by
// name behind their group, and then for every attribute of it by name:
//
//   object     path, shape, type             "/runs/gain" "12" "<f8"
//   attribute  name, shape, type, value      "long_name" "" "text" "factor on…"
//
// each of these with a zero byte behind it. Paths end without a slash, but for
// the root's "/"; a shape is "12" or "3x4", "" for scalars and groups; types
// are those of io/stored_type.h, or "group"; values are the bytes of the
// numbers or texts, each text with a zero byte behind it. Left out are
// `contents_sha256` itself and attributes of references, by which HDF5 ties
// dimension scales to their columns.
#pragma once

#include <functional>
#include <string>

#include "io/hdf5_handle.h"

namespace initscope {

inline constexpr const char* kContentsDigest = "contents_sha256";

// Of an open file. Calls `fail`, which must throw, where an object cannot be
// read, is neither group nor dataset, or is a link elsewhere.
std::string ContentsDigest(hid_t file,
                           const std::function<void(const std::string&)>& fail);

}  // namespace initscope
