// Finds the data sets that `input` names: the shipped sample, Fashion-MNIST and
// the user's files.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace initscope {

// A path as users write it, split into its parts.
struct DataPath {
  std::string file;
  std::optional<std::string> dataset;  // for HDF5, behind a colon

  // As the user would write it, for messages.
  std::string Text() const;
};

// Splits `path`, which is relative to `directory`, at a colon behind the name
// of an existing file or behind the extension of HDF5 files.
DataPath SplitDataPath(const std::string& path,
                       const std::filesystem::path& directory);

// The same for a file that must exist: throws UserError (kData) if it does not.
// `path` is the value of `key`; the message ends in `otherwise`, what else may
// have been meant.
DataPath Locate(std::string_view key, const std::string& path,
                const std::filesystem::path& directory,
                const std::string& otherwise);

// The image and the label file of a named data set. Throw UserError (kData) if
// they are not found.
using FilePair = std::pair<std::filesystem::path, std::filesystem::path>;
FilePair FindFashionMnistSample();
FilePair FindFashionMnist();

}  // namespace initscope
