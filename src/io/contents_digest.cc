#include "io/contents_digest.h"

#include <fmt/format.h>
#include <hdf5.h>

#include <algorithm>
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

herr_t AddAttribute(hid_t, const char* name, const H5A_info_t*, void* names) {
  static_cast<Names*>(names)->push_back(name);
  return 0;
}

std::string ShapeText(hid_t space) {
  const int rank = H5Sget_simple_extent_ndims(space);
  std::vector<hsize_t> shape(static_cast<size_t>(std::max(rank, 0)));
  H5Sget_simple_extent_dims(space, shape.data(), nullptr);
  return fmt::format("{}", fmt::join(shape, "x"));
}

class Walk {
 public:
  Walk(hid_t file, const std::function<void(const std::string&)>& fail)
      : file_(file), fail_(fail) {}

  std::string Digest() {
    AddObject("/", 0);
    return sha_.HexDigest();
  }

 private:
  void Add(std::string_view text) {
    sha_.Update(text.data(), text.size());
    sha_.Update("", 1);
  }

  void AddObject(const std::string& path, int depth) {
    const Hdf5Handle object(H5Oopen(file_, path.c_str(), H5P_DEFAULT),
                            H5Oclose);
    if (!object.ok()) {
      fail_(fmt::format("{} cannot be opened: {}", path, Hdf5Reason()));
    }
    const H5I_type_t kind = H5Iget_type(object);
    Add(path);
    if (kind == H5I_DATASET) {
      const Hdf5Handle space(H5Dget_space(object), H5Sclose);
      const Hdf5Handle type(H5Dget_type(object), H5Tclose);
      Add(ShapeText(space));
      Add(StoredType(type));
      AddAttributes(object, path);
    } else if (kind == H5I_GROUP && depth < kDeepest) {
      Add("");
      Add("group");
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
    std::ranges::sort(names);
    for (const std::string& name : names) {
      AddObject((depth == 0 ? "/" : path + "/") + name, depth + 1);
    }
  }

  void AddAttributes(hid_t object, const std::string& path) {
    Names names;
    if (H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_NATIVE, nullptr,
                    AddAttribute, &names) < 0) {
      fail_(fmt::format("the attributes of {} cannot be listed: {}", path,
                        Hdf5Reason()));
    }
    std::ranges::sort(names);
    for (const std::string& name : names) {
      if (path == "/" && name == kContentsDigest) continue;
      const Hdf5Handle attribute(H5Aopen(object, name.c_str(), H5P_DEFAULT),
                                 H5Aclose);
      if (!attribute.ok() || !AddAttributeValue(attribute, name)) {
        fail_(fmt::format("the attribute {} of {} cannot be read: {}", name,
                          path, Hdf5Reason()));
      }
    }
  }

  // Returns whether the value could be read.
  bool AddAttributeValue(hid_t attribute, const std::string& name) {
    const Hdf5Handle type(H5Aget_type(attribute), H5Tclose);
    const Hdf5Handle space(H5Aget_space(attribute), H5Sclose);
    const H5T_class_t kind = H5Tget_class(type);
    // DIMENSION_LIST and REFERENCE_LIST.
    if (kind == H5T_VLEN || kind == H5T_COMPOUND) return true;
    const std::string_view stored = StoredType(type);
    const hssize_t count = H5Sget_simple_extent_npoints(space);
    if (count < 0 || count > kMostValues) return false;
    Add(name);
    Add(ShapeText(space));
    Add(stored);
    if (stored == "text") {
      const auto texts = ReadTexts(type, space, [&](void* out) {
        return H5Aread(attribute, type, out);
      });
      if (!texts) return false;
      for (const std::string& text : *texts) Add(text);
      return true;
    }
    std::vector<char> values(static_cast<size_t>(count) * H5Tget_size(type));
    if (H5Aread(attribute, type, values.data()) < 0) return false;
    Add({values.data(), values.size()});
    return true;
  }

  hid_t file_;
  const std::function<void(const std::string&)>& fail_;
  Sha256 sha_;
};

}  // namespace

std::string ValuesDigest(const std::vector<std::string>& texts) {
  Sha256 sha;
  for (const std::string& text : texts) {
    sha.Update(text.c_str(), text.size() + 1);
  }
  return sha.HexDigest();
}

std::optional<std::string> DatasetDigest(hid_t dataset) {
  const Hdf5Handle type(H5Dget_type(dataset), H5Tclose);
  const Hdf5Handle space(H5Dget_space(dataset), H5Sclose);
  if (!type.ok() || !space.ok()) return {};
  const auto read = [&](void* out) {
    return H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, out);
  };
  if (StoredType(type) == "text") {
    const auto texts = ReadTexts(type, space, read);
    if (!texts) return {};
    return ValuesDigest(*texts);
  }
  const hssize_t count = H5Sget_simple_extent_npoints(space);
  if (count < 0) return {};
  std::vector<char> values(static_cast<size_t>(count) * H5Tget_size(type));
  if (count > 0 && read(values.data()) < 0) return {};
  return ValuesDigest(values);
}

std::string ContentsDigest(
    hid_t file, const std::function<void(const std::string&)>& fail) {
  return Walk(file, fail).Digest();
}

}  // namespace initscope
