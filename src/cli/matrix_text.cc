#include "cli/matrix_text.h"

#include <fmt/format.h>

#include <algorithm>

namespace initscope {

template <typename T>
std::string MatrixText(ConstMatrixView<T> matrix, size_t rows, size_t cols) {
  std::string text;
  for (size_t i = 0; i < std::min(kMostShown, rows); ++i) {
    text += "   ";
    for (size_t j = 0; j < std::min(kMostShown, cols); ++j) {
      text += fmt::format(" {:>11.5g}", matrix(i, j));
    }
    text += cols > kMostShown ? " …\n" : "\n";
  }
  if (rows > kMostShown) text += "              …\n";
  return text;
}

template <typename T>
std::string MatrixText(ConstMatrixView<T> matrix) {
  return MatrixText(matrix, matrix.rows(), matrix.cols());
}

template std::string MatrixText(ConstMatrixView<float>);
template std::string MatrixText(ConstMatrixView<double>);
template std::string MatrixText(ConstMatrixView<float>, size_t, size_t);
template std::string MatrixText(ConstMatrixView<double>, size_t, size_t);

}  // namespace initscope
