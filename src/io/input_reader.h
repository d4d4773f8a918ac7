// The data sets that runs take their samples from: the shipped sample, full
// Fashion-MNIST, and the user's files.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/matrix.h"
#include "spec/input_data.h"

namespace initscope {

// What `input` may be besides a path. A released name keeps its meaning.
struct NamedInput {
  std::string_view name;
  bool drawn;  // from the random streams, not read
  std::string_view summary;
  std::string_view source;
};

inline constexpr NamedInput kNamedInputs[] = {
    {"gaussian", true,
     "N(0, input_variance), samples correlated by input_correlation", ""},
    {"sphere", true,
     "uniform on the sphere of radius sqrt(width × input_variance)", ""},
    {"fashion-mnist-sample", false,
     "the first 1,024 training images of Fashion-MNIST, shipped",
     "Xiao, Rasul & Vollgraf 2017, arXiv:1708.07747"},
    {"fashion-mnist", false,
     "its 60,000 training images (apt-get install dataset-fashion-mnist)",
     "Xiao, Rasul & Vollgraf 2017, arXiv:1708.07747"},
};

// Whether `input` is drawn ("gaussian", "sphere") rather than read.
bool IsDrawnInput(std::string_view input);

// Reads `input`: one of the names above that are not drawn, or the path of a
// .csv, .npy, .h5:/dataset or IDX file (each also .gz). `labels` is "" (the
// labels that come with a name; none for a path), a path like that of `input`,
// or "column:NAME" for a column of a CSV with a header, which then is no input.
// Paths are relative to `directory`, that of the experiment file.
//
// The first axis of an array is the samples; the others are flattened into the
// width. The digests are those of the arrays as decoded, for a CSV without its
// label column, so that they are digests of what InputData holds.
//
// Throws UserError (kData) for a file that is missing or damaged, for no
// samples, an entry that is not finite, and labels that are not one whole
// number from 0 to 65535 per sample. REQUIRES: !IsDrawnInput(input).
InputData ReadInput(const std::string& input, const std::string& labels,
                    const std::filesystem::path& directory);

// The file of `path`, which ReadInput() or ReadMatrix() takes: without
// ":/dataset".
std::filesystem::path DataFile(const std::string& path,
                               const std::filesystem::path& directory);

// Reads the matrix at `path`, the value of `key`, from a file like those above.
// Throws UserError (kData) for a file that is missing or damaged, a rank other
// than 2, no entries, or an entry that is not finite.
Matrix<double> ReadMatrix(std::string_view key, const std::string& path,
                          const std::filesystem::path& directory);

}  // namespace initscope
