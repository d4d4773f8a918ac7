// The data sets that runs take their samples from: the shipped sample, full
// Fashion-MNIST, and the user's files.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/matrix.h"
#include "spec/input_data.h"

namespace initscope {

// What `input` may be besides a path. Names, once released, keep their meaning.
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

// Whether `input` is drawn ("gaussian", "sphere") and not read.
bool IsDrawnInput(std::string_view input);

// Reads `input`: a name above that is not drawn, or the path of a .csv, .npy,
// .h5:/dataset or IDX file (each also .gz). `labels`: "" (the built-in ones of
// a name; none of a path), a path as `input` takes, or "column:NAME" of a CSV
// with a header, which is then no input column. Paths are relative to
// `directory`, the experiment file's.
//
// The first axis of an array is the samples, the others are flattened into the
// width. The digests are of the arrays as decoded; without its label column for
// a CSV, so that they are of what InputData holds.
//
// Throws UserError (kData): no such file, a damaged one, no samples, an entry
// that is not finite, labels that are not one whole number 0 … 65535 a sample.
// REQUIRES: !IsDrawnInput(input).
InputData ReadInput(const std::string& input, const std::string& labels,
                    const std::filesystem::path& directory);

// The file that `path`, as ReadInput and ReadMatrix take it, is in:
// without ":/dataset".
std::filesystem::path DataFile(const std::string& path,
                               const std::filesystem::path& directory);

// Reads the matrix at `path`, the value of `key`: a file as above that holds
// rows of numbers (rank 2). Throws UserError (kData): no such file, a damaged
// one, another rank, no entries, an entry that is not finite.
Matrix<double> ReadMatrix(std::string_view key, const std::string& path,
                          const std::filesystem::path& directory);

}  // namespace initscope
