#include "io/contents_digest.h"

#include <fmt/format.h>
#include <hdf5.h>

#include <algorithm>
#include <functional>
#include <numeric>
#include <string_view>

namespace initscope {
namespace {

// Results files are three deep: the root, groups, datasets.
constexpr int kDeepest = 8;
// More than the values of any attribute of a results file.
constexpr hssize_t kMostValues = hssize_t{1} << 20;

using Names = std::vector<std::string>;

herr_t AddLink(hid_t, const char* name, const H5L_info_t* link, void* names) {
  if (link->type != H5L_TYPE_HARD) return -1;
  static_cast<Names*>(names)->push_back(name);
  return 0;
}

herr_t TakeName(hid_t, const char* name, const H5A_info_t*, void* names) {
  static_cast<Names*>(names)->push_back(name);
  return 0;
}

std::vector<hsize_t> ShapeOf(hid_t space) {
  const int rank = H5Sget_simple_extent_ndims(space);
  std::vector<hsize_t> shape(static_cast<size_t>(std::max(rank, 0)));
  H5Sget_simple_extent_dims(space, shape.data(), nullptr);
  return shape;
}

void AddTexts(const std::vector<std::string>& texts, Sha256* sha) {
  for (const std::string& text : texts) {
    sha->Update(text.c_str(), text.size() + 1);
  }
}

// Its key in Contents.
std::string ContentsKey(std::string path) {
  std::ranges::replace(path, '/', '\0');
  return path;
}

class Walk {
 public:
  Walk(hid_t file, const std::function<void(const std::string&)>& fail,
       const std::function<void(const std::string&, hid_t)>& on_dataset)
      : file_(file), fail_(fail), on_dataset_(on_dataset) {}

  std::string Digest() {
    AddObject("/", 0);
    return contents_.Digest();
  }

 private:
  void AddObject(const std::string& path, int depth) {
    const Hdf5Handle object(H5Oopen(file_, path.c_str(), H5P_DEFAULT),
                            H5Oclose);
    if (!object.ok()) {
      fail_(fmt::format("{} cannot be opened: {}", path, Hdf5Reason()));
    }
    const H5I_type_t kind = H5Iget_type(object);
    if (kind == H5I_DATASET) {
      const Hdf5Handle space(H5Dget_space(object), H5Sclose);
      const Hdf5Handle type(H5Dget_type(object), H5Tclose);
      contents_.Add(path, ShapeOf(space), StoredType(type));
      AddAttributes(object, path);
      on_dataset_(path, object);
    } else if (kind == H5I_GROUP && depth < kDeepest) {
      contents_.AddGroup(path);
      AddAttributes(object, path);
      AddMembers(object, path, depth);
    } else {
      fail_(fmt::format("{} is not of a results file", path));
    }
  }

  void AddMembers(hid_t group, const std::string& path, int depth) {
    Names names;
    if (H5Literate(group, H5_INDEX_NAME, H5_ITER_NATIVE, nullptr, AddLink,
                   &names) < 0) {
      fail_(fmt::format(
          "the members of {} cannot be listed, or are links elsewhere", path));
    }
    for (const std::string& name : names) {
      AddObject((depth == 0 ? "/" : path + "/") + name, depth + 1);
    }
  }

  void AddAttributes(hid_t object, const std::string& path) {
    Names names;
    if (H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_NATIVE, nullptr, TakeName,
                    &names) < 0) {
      fail_(fmt::format("the attributes of {} cannot be listed: {}", path,
                        Hdf5Reason()));
    }
    for (const std::string& name : names) {
      const Hdf5Handle attribute(H5Aopen(object, name.c_str(), H5P_DEFAULT),
                                 H5Aclose);
      if (!attribute.ok() || !AddAttribute(attribute, path, name)) {
        fail_(fmt::format("the attribute {} of {} cannot be read: {}", name,
                          path, Hdf5Reason()));
      }
    }
  }

  // Returns whether the value could be read.
  bool AddAttribute(hid_t attribute, const std::string& path,
                    const std::string& name) {
    const Hdf5Handle type(H5Aget_type(attribute), H5Tclose);
    const Hdf5Handle space(H5Aget_space(attribute), H5Sclose);
    const H5T_class_t kind = H5Tget_class(type);
    if (kind == H5T_VLEN || kind == H5T_COMPOUND) {  // references
      contents_.AddReference(path, name);
      return true;
    }
    const std::string_view stored = StoredType(type);
    const hssize_t count = H5Sget_simple_extent_npoints(space);
    if (count < 0 || count > kMostValues) return false;
    std::string value;
    if (stored == "text") {
      const auto texts = ReadTexts(type, space, [&](void* out) {
        return H5Aread(attribute, type, out);
      });
      if (!texts) return false;
      for (const std::string& text : *texts) value.append(text).push_back('\0');
    } else {
      value.resize(static_cast<size_t>(count) * H5Tget_size(type) + 1);
      if (H5Aread(attribute, type, value.data()) < 0) return false;
    }
    contents_.AddAttribute(path, name, ShapeOf(space), stored, value);
    return true;
  }

  hid_t file_;
  const std::function<void(const std::string&)>& fail_;
  const std::function<void(const std::string&, hid_t)>& on_dataset_;
  Contents contents_;
};

}  // namespace

std::string ValuesDigest(const std::vector<std::string>& texts) {
  Sha256 sha;
  AddTexts(texts, &sha);
  return sha.HexDigest();
}

std::optional<std::string> DatasetDigest(hid_t dataset) {
  const Hdf5Handle type(H5Dget_type(dataset), H5Tclose);
  const Hdf5Handle space(H5Dget_space(dataset), H5Sclose);
  const int rank = H5Sget_simple_extent_ndims(space);
  if (!type.ok() || rank < 1) return {};
  std::vector<hsize_t> start(static_cast<size_t>(rank)), count = start;
  H5Sget_simple_extent_dims(space, count.data(), nullptr);
  const hsize_t rows = count[0];
  count[0] = 1;
  const hsize_t row_size = std::accumulate(count.begin(), count.end(),
                                           hsize_t{1}, std::multiplies<>());
  // As many rows at a time as have this many values, but one at least.
  constexpr hsize_t kValues = 65536;
  const hsize_t most =
      std::max<hsize_t>(1, kValues / std::max<hsize_t>(1, row_size));
  const bool is_text = StoredType(type) == "text";
  Sha256 sha;
  std::vector<char> values;
  for (start[0] = 0; start[0] < rows && row_size > 0; start[0] += count[0]) {
    count[0] = std::min(most, rows - start[0]);
    const hsize_t size = count[0] * row_size;
    const Hdf5Handle memory(H5Screate_simple(1, &size, nullptr), H5Sclose);
    if (H5Sselect_hyperslab(space, H5S_SELECT_SET, start.data(), nullptr,
                            count.data(), nullptr) < 0) {
      return {};
    }
    const auto read = [&](void* out) {
      return H5Dread(dataset, type, memory, space, InSmallPieces(), out);
    };
    if (is_text) {
      const auto texts = ReadTexts(type, memory, read);
      if (!texts) return {};
      AddTexts(*texts, &sha);
    } else {
      values.resize(size * H5Tget_size(type));
      if (read(values.data()) < 0) return {};
      sha.Update(values.data(), values.size());
    }
  }
  return sha.HexDigest();
}

void Contents::Add(const std::string& path, std::span<const hsize_t> shape,
                   std::string_view type) {
  objects_[ContentsKey(path)].bytes =
      fmt::format("{}{:c}{}{:c}{}{:c}", path, '\0', fmt::join(shape, "x"), '\0',
                  type, '\0');
}

void Contents::AddAttribute(const std::string& path, const std::string& name,
                            std::span<const hsize_t> shape,
                            std::string_view type, std::string_view value) {
  if (path == "/" && name == kContentsDigest) return;
  objects_.at(ContentsKey(path)).attributes[name] =
      fmt::format("{}{:c}{}{:c}{}{:c}{}", name, '\0', fmt::join(shape, "x"),
                  '\0', type, '\0', value);
}

void Contents::AddReference(const std::string& path, const std::string& name) {
  if (name == "DIMENSION_LIST" || name == "REFERENCE_LIST") return;
  objects_.at(ContentsKey(path)).attributes[name] = name + '\0';
}

std::string Contents::Digest() const {
  Sha256 sha;
  for (const auto& [key, object] : objects_) {
    sha.Update(object.bytes.data(), object.bytes.size());
    for (const auto& [name, bytes] : object.attributes) {
      sha.Update(bytes.data(), bytes.size());
    }
  }
  return sha.HexDigest();
}

std::string ContentsDigest(
    hid_t file, const std::function<void(const std::string&)>& fail,
    const std::function<void(const std::string&, hid_t)>& dataset) {
  return Walk(file, fail, dataset).Digest();
}

}  // namespace initscope
