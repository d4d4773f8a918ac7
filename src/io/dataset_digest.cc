#include "io/dataset_digest.h"

#include <vector>

#include "io/column_digest.h"
#include "io/hdf5_handle.h"

namespace initscope {

std::optional<std::string> DatasetDigest(hid_t dataset) {
  const Hdf5Handle type(H5Dget_type(dataset), H5Tclose);
  const Hdf5Handle space(H5Dget_space(dataset), H5Sclose);
  if (!type.ok() || !space.ok()) return {};
  const hssize_t count = H5Sget_simple_extent_npoints(space);
  const htri_t is_text = H5Tis_variable_str(type);
  if (count < 0 || is_text < 0) return {};
  std::vector<char> values(static_cast<size_t>(count) * H5Tget_size(type));
  if (count > 0 && H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT,
                           values.data()) < 0) {
    return {};
  }
  if (is_text == 0) return ColumnDigest(values.data(), values.size());
  std::vector<std::string> texts;
  const auto* pointers = reinterpret_cast<const char* const*>(values.data());
  for (hssize_t i = 0; i < count; ++i) {
    texts.emplace_back(pointers[i] == nullptr ? "" : pointers[i]);
  }
  if (count > 0 &&
      H5Dvlen_reclaim(type, space, H5P_DEFAULT, values.data()) < 0) {
    return {};
  }
  return ColumnDigest(texts);
}

}  // namespace initscope
