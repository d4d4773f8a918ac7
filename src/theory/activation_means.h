// Gaussian means of an activation f and its slope f' for z ~ N(0, q), such as
// E f² and E f'², as functions of log q.
//
// They are all that the mean-field recursion needs to know about one sample
// (Poole et al. 2016, eq. 3; Schoenholz et al. 2017, eq. 4). Homogeneous f have
// closed forms; the others are computed by quadrature (theory/gaussian_rule.h)
// and kept as Chebyshev series (theory/chebyshev.h). Errors, relative where the
// value exceeds 10: values 1e-12, first derivatives 1e-10, second derivatives
// 1e-8 (activation_means_table_test.cc). Beyond q = e^±64 the values continue
// as powers of q, also accurate to 1e-12, except for E f'/√(E f'²) of bounded
// f: 2e-7.
#pragma once

#include <array>
#include <cstddef>

#include "nn/activations.h"
#include "theory/chebyshev.h"

namespace initscope {

// All are relative to E f² and E f'², which keeps them in range for every q.
enum class Mean : size_t {
  kLogSquare,       // log E f²
  kLogSlopeSquare,  // log E f'²
  kFirst,           // E f / √(E f²)
  kSlope,           // E f' / √(E f'²)
  kCube,            // E f³ / (E f²)^(3/2)
  kFourth,          // E f⁴ / (E f²)²
  kLogSlopeFourth,  // log(E f'⁴ / (E f'²)²), which grows as √q
  kMixed,           // E f² f'² / (E f² E f'²)
  kGrowth,          // d log E f²/d log q = E z f f'/E f²
};
inline constexpr size_t kMeans = 9;

// One number for each Mean.
struct MeanValues : std::array<double, kMeans> {
  using array::operator[];
  double operator[](Mean mean) const {
    return array::operator[](static_cast<size_t>(mean));
  }
  double& operator[](Mean mean) {
    return array::operator[](static_cast<size_t>(mean));
  }
};

// Computes the means without the tables. q = e^log_q; at −∞, the limit q = 0,
// f is constant.
MeanValues ComputeMeans(const Activation& activation, double log_q);

// The means at one log q, and their derivatives with respect to log q.
struct MeansAt {
  MeanValues value, first, second;

  double operator[](Mean mean) const { return value[mean]; }
  double First(Mean mean) const { return first[mean]; }
  double Second(Mean mean) const { return second[mean]; }
};

// The means of one activation. Thread-safe; values do not depend on what was
// asked before.
class ActivationMeans {
 public:
  // `activation` must outlive this.
  explicit ActivationMeans(const Activation& activation);

  const Activation& activation() const { return activation_; }

  MeansAt At(double log_q) const;
  // Without derivatives.
  MeanValues ValuesAt(double log_q) const;

 private:
  static constexpr int kFirstInterval = -64, kIntervals = 128;
  static constexpr size_t kTerms = 18;
  using Coefficients = std::array<MeanValues, kTerms>;
  struct Series {
    Coefficients value, first, second;
  };
  template <class T>
  using Table = UnitIntervals<T, kFirstInterval, kIntervals>;

  static MeanValues Sum(const Coefficients& c, double x);
  static Coefficients Differentiate(const Coefficients& c);
  Table<Series>::Place SeriesAt(double log_q) const;

  const Activation& activation_;
  Table<Series> series_;
  // The values at whole numbers, which searches for a q ask for.
  Table<MeanValues> at_wholes_;
  MeanValues at_zero_;  // q = 0; for homogeneous f: q = 1
};

}  // namespace initscope
