// Where the data sets are that `input` names: the shipped sample, Fashion-MNIST
// and the user's files.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace initscope {

// A path as users write it, taken apart.
struct DataPath {
  std::string file;
  std::optional<std::string> dataset;  // of HDF5, behind a colon

  // As the user would write it, for messages.
  std::string Text() const;
};

// Takes `path`, relative to `directory`, apart. A colon divides it where what
// is before is a file, or ends as HDF5 files do.
DataPath SplitDataPath(const std::string& path,
                       const std::filesystem::path& directory);

// The same of a file that is there: throws UserError (kData) where it is not.
// `key` is what `path` was the value of, `otherwise` what else might have been
// meant.
DataPath Locate(std::string_view key, const std::string& path,
                const std::filesystem::path& directory,
                const std::string& otherwise);

// The image and the label file of a named data set. Throw UserError (kData).
using FilePair = std::pair<std::filesystem::path, std::filesystem::path>;
FilePair FindFashionMnistSample();
FilePair FindFashionMnist();

std::string Lower(std::string text);

}  // namespace initscope
