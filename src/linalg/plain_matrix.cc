#include "linalg/plain_matrix.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/denormals.h"
#include "base/error.h"

namespace initscope {
namespace {

// The largest magnitude of the finite mantissas of row i.
template <typename Source>
double LargestMantissa(const ScaledMatrix<Source>& tensor, size_t i) {
  double largest = 0;
  for (size_t j = 0; j < tensor.cols(); ++j) {
    const double size = std::abs(double{tensor.mantissa(i, j)});
    if (std::isfinite(size)) largest = std::max(largest, size);
  }
  return largest;
}

// Whether `plain` differs from mantissa·2^exponent by at most
// allowed·2^exponent.
bool Holds(double plain, double mantissa, int64_t exponent, double allowed) {
  if (!std::isfinite(mantissa)) return true;
  if (!std::isfinite(plain)) return false;
  if (plain == 0) return mantissa == 0;
  // Exact, as a plain number that is not 0 has an exponent within the bounds.
  return std::abs(Ldexp(plain, -exponent) - mantissa) <= allowed;
}

}  // namespace

template <typename T, typename Source>
std::optional<Entry> ToPlain(const ScaledMatrix<Source>& tensor,
                             Matrix<T>* plain) {
  INITSCOPE_CHECK(plain->rows() == tensor.rows() &&
                  plain->cols() == tensor.cols());
  const KeepDenormals keep;
  std::optional<Entry> lost;
  for (size_t i = 0; i < tensor.rows(); ++i) {
    const double allowed =
        std::numeric_limits<T>::epsilon() * LargestMantissa(tensor, i);
    for (size_t j = 0; j < tensor.cols(); ++j) {
      const double mantissa = tensor.mantissa(i, j);
      const int64_t exponent = tensor.exponent[i];
      T& entry = (*plain)(i, j);
      entry = static_cast<T>(Ldexp(mantissa, exponent));
      if (!lost && !Holds(entry, mantissa, exponent, allowed)) {
        lost = Entry{i, j};
      }
    }
  }
  return lost;
}

template std::optional<Entry> ToPlain(const ScaledMatrix<float>& tensor,
                                      Matrix<float>* plain);
template std::optional<Entry> ToPlain(const ScaledMatrix<double>& tensor,
                                      Matrix<float>* plain);
template std::optional<Entry> ToPlain(const ScaledMatrix<double>& tensor,
                                      Matrix<double>* plain);

}  // namespace initscope
