// The digests by which a results file vouches for its contents.
//
// Each dataset carries the digest of its values as the attribute `sha256`. The
// root's attribute `contents_sha256` covers all else: the names, types and
// shapes of all groups and datasets, and all attributes, each `sha256` among
// them. So it vouches for the whole file.
//
// It is the SHA-256 of, for every group and dataset (the root first, members by
// name behind their group) and then for each of its attributes by name:
//
//   object     path, shape, type             "/runs/gain" "12" "<f8"
//   attribute  name, shape, type, value      "long_name" "" "text" "factor on…"
//
// each of these followed by a zero byte. Paths end without a slash, except the
// root's "/"; a shape is "12" or "3x4", "" for scalars and groups; types are
// those of StoredType(), or "group"; values are the bytes of the numbers or
// texts, each text followed by a zero byte. Left out are `contents_sha256`
// itself and the references by which HDF5 ties dimension scales to columns
// (DIMENSION_LIST, REFERENCE_LIST); of any other reference the name stands
// alone.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/sha256.h"
#include "io/hdf5_handle.h"

namespace initscope {

inline constexpr const char* kContentsDigest = "contents_sha256";

// The digest of a dataset's values: SHA-256, in hexadecimal, of numbers in
// little-endian and row-major order, or of texts, each followed by a zero byte.
std::string ValuesDigest(const std::vector<std::string>& texts);
template <typename Number>
std::string ValuesDigest(const std::vector<Number>& numbers) {
  return Sha256Hex(numbers.data(), numbers.size() * sizeof(Number));
}

// The ValuesDigest() of what a dataset of an open file holds, numbers or
// variable-length strings, read in the file's own type. Nothing if HDF5 cannot
// read it; Hdf5Reason() says why.
std::optional<std::string> DatasetDigest(hid_t dataset);

// What `contents_sha256` covers, in any order.
class Contents {
 public:
  // A dataset's type is its StoredType(). REQUIRES: `path` is new.
  void AddGroup(const std::string& path) { Add(path, {}, "group"); }
  void Add(const std::string& path, std::span<const hsize_t> shape,
           std::string_view type);
  // An attribute of an object that was added. `value`: the bytes of its
  // numbers and a zero byte, or its texts and a zero byte after each.
  void AddAttribute(const std::string& path, const std::string& name,
                    std::span<const hsize_t> shape, std::string_view type,
                    std::string_view value);
  void AddReference(const std::string& path, const std::string& name);

  std::string Digest() const;

 private:
  struct Object {
    std::string bytes;                              // of the digest
    std::map<std::string, std::string> attributes;  // theirs, by name
  };
  // By path; a zero byte for each '/' puts members right behind their group.
  std::map<std::string, Object> objects_;
};

// The `contents_sha256` of an open file; `dataset` is called for each of its
// datasets. Calls `fail`, which must throw, if an object cannot be read, is
// neither group nor dataset, or is a link elsewhere.
std::string ContentsDigest(
    hid_t file, const std::function<void(const std::string&)>& fail,
    const std::function<void(const std::string& path, hid_t id)>& dataset =
        [](const std::string&, hid_t) {});

}  // namespace initscope
