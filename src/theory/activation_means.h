// Gaussian means of an activation and of its slope: E f, E f², E f'² and the
// like for z ~ N(0, q), as functions of log q.
//
// Every quantity of the mean-field recursion that concerns one sample is one
// of these (Poole et al. 2016, eq. 3; Schoenholz et al. 2017, eq. 4). They are
// computed by quadrature (theory/gaussian_rule.h), or exactly for homogeneous
// f, and kept as Chebyshev series on unit intervals of log q that are made
// when they are first asked for. The error of every value is below 1e-12, of
// first derivatives 1e-10, of second derivatives 1e-8, relative where the value
// is above 10 (activation_means_table_test.cc). Beyond q = e^±64 values go on
// as powers of q, right to 1e-12, too, but E f'/√(E f'²) of bounded f to 2e-7.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <mutex>

#include "nn/activations.h"

namespace initscope {

// All relative to E f² and E f'², so that they stay in range for every q.
enum class Mean {
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

using MeanValues = std::array<double, kMeans>;

// By quadrature, not from a table; closed forms for homogeneous f.
// q = e^log_q; −∞ is the limit q = 0, where f is constant.
MeanValues ComputeMeans(const Activation& activation, double log_q);

// The values at some log q, and their derivatives by log q.
struct MeansAt {
  MeanValues value, first, second;

  double operator[](Mean mean) const {
    return value[static_cast<size_t>(mean)];
  }
  double First(Mean mean) const { return first[static_cast<size_t>(mean)]; }
  double Second(Mean mean) const { return second[static_cast<size_t>(mean)]; }
};

// Those of one activation. Safe to use from several threads; values do not
// depend on who asked before.
class ActivationMeans {
 public:
  explicit ActivationMeans(const Activation& activation);
  ActivationMeans(const ActivationMeans&) = delete;
  ActivationMeans& operator=(const ActivationMeans&) = delete;

  const Activation& activation() const { return activation_; }

  MeansAt At(double log_q) const;

  // The values alone.
  MeanValues ValuesAt(double log_q) const;

 private:
  static constexpr int kFirstInterval = -64, kIntervals = 128;
  static constexpr size_t kTerms = 18;

  // Chebyshev coefficients, term by term, of the values and derivatives.
  struct Series {
    std::array<MeanValues, kTerms> value, first, second;
  };
  struct Interval {
    std::once_flag begin_made, made;
    std::unique_ptr<MeanValues>
        at_begin;  // for who searches q at whole numbers
    std::unique_ptr<Series> series;
  };

  const Series& SeriesAt(double log_q, double* x) const;
  std::unique_ptr<Series> MakeSeries(double begin) const;
  MeansAt Homogeneous(double log_q) const;

  const Activation& activation_;
  std::unique_ptr<Interval[]> intervals_;
  MeanValues at_zero_;  // q = 0, or of a homogeneous f: q = 1
};

}  // namespace initscope
