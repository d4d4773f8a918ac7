// The statistics of OracleStatistics(), by plain two-pass formulas.

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

#include "engine/oracle_eigen_test.h"
#include "engine/statistics.h"

namespace initscope {
namespace {

using Values = std::vector<Real>;

Values Flat(const std::vector<Oracle>& batches,
            const std::function<const RealMatrix&(const Oracle&)>& tensor) {
  Values all;
  for (const Oracle& o : batches) {
    const RealMatrix& a = tensor(o);
    all.insert(all.end(), a.data(), a.data() + a.size());
  }
  return all;
}

Real MeanOf(const Values& v) {
  return std::accumulate(v.begin(), v.end(), Real{0}) /
         static_cast<Real>(v.size());
}

Real CentralMoment(const Values& v, int power) {
  const Real mean = MeanOf(v);
  Real sum = 0;
  for (Real x : v) {
    Real term = 1;
    for (int k = 0; k < power; ++k) term *= x - mean;
    sum += term;
  }
  return sum / static_cast<Real>(v.size());
}

Real SecondMoment(const Values& v) {
  Real sum = 0;
  for (Real x : v) sum += x * x;
  return sum / static_cast<Real>(v.size());
}

Real AbsMean(const Values& v) {
  Real sum = 0;
  for (Real x : v) sum += std::abs(x);
  return sum / static_cast<Real>(v.size());
}

Real Fraction(const Values& v, const std::function<bool(Real)>& test) {
  return static_cast<Real>(std::count_if(v.begin(), v.end(), test)) /
         static_cast<Real>(v.size());
}

// 1 − the mean cosine, by the sum over all pairs of ‖u_i − u_k‖²/2.
Real OneMinusCosine(const std::vector<const RealMatrix*>& batches) {
  Real sum = 0, pairs = 0;
  for (const RealMatrix* a : batches) {
    std::vector<Eigen::Array<Real, 1, Eigen::Dynamic>> u;
    for (Eigen::Index i = 0; i < AsEigen(*a).rows(); ++i) {
      const auto row = AsEigen(*a).row(i);
      const Real norm = std::sqrt(row.squaredNorm());
      if (norm > 0) u.emplace_back(row.array() / norm);
    }
    for (size_t i = 0; i < u.size(); ++i) {
      for (size_t k = 0; k < i; ++k) {
        sum += (u[i] - u[k]).square().sum() / 2;
        pairs += 1;
      }
    }
  }
  return pairs > 0 ? sum / pairs : std::numeric_limits<Real>::quiet_NaN();
}

Real MeanUnitVariance(const std::vector<const RealMatrix*>& batches) {
  Real sum = 0, rows = 0;
  for (const RealMatrix* a : batches) {
    for (size_t i = 0; i < a->rows(); ++i) {
      sum += CentralMoment({a->row(i), a->row(i) + a->cols()}, 2);
      rows += 1;
    }
  }
  return sum / rows;
}

Real MeanSampleVariance(const std::vector<const RealMatrix*>& batches) {
  const size_t n = batches[0]->cols();
  Real sum = 0;
  for (size_t j = 0; j < n; ++j) {
    Values column;
    for (const RealMatrix* a : batches) {
      for (size_t i = 0; i < a->rows(); ++i) column.push_back((*a)(i, j));
    }
    sum += CentralMoment(column, 2);
  }
  return sum / static_cast<Real>(n);
}

void AddMoments(const std::string& name, const Values& v,
                std::map<std::string, Real>* out) {
  (*out)[name + "_mean"] = MeanOf(v);
  (*out)[name + "_variance"] = CentralMoment(v, 2);
  (*out)[name + "_second_moment"] = SecondMoment(v);
}

// Of f' at the pre-activations `z` of layer l, a unit's every width(l) entries.
void AddSlopes(const RunSpec& run, size_t l, const Values& z,
               std::map<std::string, Real>* out) {
  Values slope;
  for (const Real at : z) slope.push_back(Slope(run.activation->name, at));
  (*out)["slope_mean"] = MeanOf(slope);
  (*out)["slope_second_moment"] = SecondMoment(slope);
  const Real bound = 0.01L * run.activation->max_slope;
  (*out)["saturated_fraction"] =
      Fraction(slope, [&](Real v) { return std::abs(v) < bound; });
  const size_t n = run.width(l);
  Real dead = 0;
  for (size_t j = 0; j < n; ++j) {
    bool alive = false;
    for (size_t k = j; k < slope.size(); k += n) alive |= slope[k] != 0;
    dead += alive ? 0 : 1;
  }
  (*out)["dead_unit_fraction"] = dead / static_cast<Real>(n);
}

}  // namespace

std::map<std::string, Real> OracleStatistics(const std::vector<Oracle>& batches,
                                             size_t l) {
  const RunSpec& run = *batches[0].run;
  std::map<std::string, Real> s;
  const auto tensors = [&](std::vector<RealMatrix> Oracle::*member,
                           size_t index) {
    std::vector<const RealMatrix*> all;
    for (const Oracle& o : batches) all.push_back(&(o.*member)[index]);
    return all;
  };
  const auto flat = [&](std::vector<RealMatrix> Oracle::*member, size_t index) {
    return Flat(batches, [&](const Oracle& o) -> const RealMatrix& {
      return (o.*member)[index];
    });
  };
  const Values x = flat(&Oracle::x, l);
  AddMoments("activation", x, &s);
  s["activation_abs_mean"] = AbsMean(x);
  s["activation_min"] = *std::min_element(x.begin(), x.end());
  s["activation_max"] = *std::max_element(x.begin(), x.end());
  s["zero_fraction"] = Fraction(x, [](Real v) { return v == 0; });
  const Values delta = flat(&Oracle::delta, l);
  AddMoments("delta", delta, &s);
  s["delta_abs_mean"] = AbsMean(delta);
  s["delta_unit_variance"] = MeanUnitVariance(tensors(&Oracle::delta, l));
  s["delta_cosine"] = 1 - OneMinusCosine(tensors(&Oracle::delta, l));
  s["delta_non_finite"] = 0;
  if (l > 0) {
    const Values z = flat(&Oracle::z, l);
    AddMoments("pre_activation", z, &s);
    s["pre_activation_abs_mean"] = AbsMean(z);
    s["pre_activation_kurtosis"] =
        CentralMoment(z, 4) / CentralMoment(z, 2) / CentralMoment(z, 2);
    const Real rest = OneMinusCosine(tensors(&Oracle::z, l));
    s["pre_activation_cosine"] = 1 - rest;
    s["log10_one_minus_cosine"] = std::log10(rest);
    s["pre_activation_unit_variance"] =
        MeanUnitVariance(tensors(&Oracle::z, l));
    s["pre_activation_sample_variance"] =
        MeanSampleVariance(tensors(&Oracle::z, l));
    s["pre_activation_non_finite"] = 0;
    AddMoments("weight", flat(&Oracle::w, l - 1), &s);
    AddMoments("weight_gradient", flat(&Oracle::dw, l - 1), &s);
    AddMoments("bias_gradient", flat(&Oracle::db, l - 1), &s);
  }
  if (l > 0 && l < run.depth()) {
    AddSlopes(run, l, flat(&Oracle::z, l), &s);
  }
  std::map<std::string, Real> logs;
  for (const auto& [name, value] : s) logs["log10_" + name] = std::log10(value);
  s.insert(logs.begin(), logs.end());
  return s;
}

}  // namespace initscope
