#include "engine/oracle_test.h"

#include <gtest/gtest.h>

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

#include "engine/batch_source.h"
#include "engine/statistics.h"
#include "random/variates.h"
#include "spec/resolve.h"

namespace initscope {
namespace {

using Dense =
    Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Map = Eigen::Map<const Dense>;

Map AsEigen(const RealMatrix& a) {
  return {a.data(), static_cast<Eigen::Index>(a.rows()),
          static_cast<Eigen::Index>(a.cols())};
}

RealMatrix FromEigen(const Dense& a) {
  RealMatrix out(static_cast<size_t>(a.rows()), static_cast<size_t>(a.cols()));
  std::copy(a.data(), a.data() + a.size(), out.data());
  return out;
}

Real Sigmoid(Real z) {
  return z >= 0 ? 1 / (1 + std::exp(-z)) : std::exp(z) / (1 + std::exp(z));
}

const Real kSelu = 1.0507009873554805L;
const Real kSeluAlpha = 1.6732632423543772L;

Real Phi(Real z) { return std::erfc(-z / std::sqrt(Real{2})) / 2; }
Real Density(Real z) {
  return std::exp(-z * z / 2) / std::sqrt(2 * std::acos(Real{-1}));
}

Real Value(std::string_view f, Real z) {
  if (f == "linear") return z;
  if (f == "sigmoid") return Sigmoid(z);
  if (f == "tanh") return std::tanh(z);
  if (f == "relu") return z > 0 ? z : 0;
  if (f == "leaky_relu") return z > 0 ? z : 0.01L * z;
  if (f == "elu") return z > 0 ? z : std::expm1(z);
  if (f == "selu") return kSelu * (z > 0 ? z : kSeluAlpha * std::expm1(z));
  if (f == "gelu") return z * Phi(z);
  if (f == "silu") return z * Sigmoid(z);
  if (f == "softplus") {
    return std::max(z, Real{0}) + std::log1p(std::exp(-std::abs(z)));
  }
  if (f == "softsign") return z / (1 + std::abs(z));
  if (f == "erf") return std::erf(z);
  if (f == "hard_tanh") return std::clamp(z, Real{-1}, Real{1});
  INITSCOPE_CHECK(false && "the oracle does not know this activation");
}

Real Slope(std::string_view f, Real z) {
  if (f == "linear") return 1;
  if (f == "sigmoid") return Sigmoid(z) * Sigmoid(-z);
  if (f == "tanh") {
    const Real c = std::cosh(z);
    return std::isinf(c) ? 0 : 1 / (c * c);
  }
  if (f == "relu") return z > 0 ? 1 : 0;
  if (f == "leaky_relu") return z > 0 ? 1 : 0.01L;
  if (f == "elu") return z > 0 ? 1 : std::exp(z);
  if (f == "selu") return kSelu * (z > 0 ? 1 : kSeluAlpha * std::exp(z));
  if (f == "gelu") return Phi(z) + z * Density(z);
  if (f == "silu") return Sigmoid(z) * (1 + z * Sigmoid(-z));
  if (f == "softplus") return Sigmoid(z);
  if (f == "softsign") return 1 / ((1 + std::abs(z)) * (1 + std::abs(z)));
  if (f == "erf") return 2 / std::sqrt(std::acos(Real{-1})) * std::exp(-z * z);
  if (f == "hard_tanh") return z > -1 && z <= 1 ? 1 : 0;
  INITSCOPE_CHECK(false && "the oracle does not know this activation");
}

RealMatrix Activated(const RunSpec& run, const RealMatrix& z, bool slope) {
  RealMatrix out(z.rows(), z.cols());
  for (size_t i = 0; i < z.size(); ++i) {
    out.data()[i] = slope ? Slope(run.activation->name, z.data()[i])
                          : Value(run.activation->name, z.data()[i]);
  }
  return out;
}

void DrawParameters(const RunSpec& run, size_t l, Oracle* o) {
  const size_t fi = run.widths[l], fo = run.widths[l + 1];
  const double s = run.gain * run.init->scale(static_cast<double>(fi),
                                              static_cast<double>(fo));
  const bool rounds = run.precision == Precision::kFloat32;
  const auto unit = [&](size_t i, size_t j) -> double {
    const uint32_t word =
        RandomWord({run.seed, Stream::kWeights, static_cast<uint32_t>(l)},
                   static_cast<uint32_t>(i), static_cast<uint32_t>(j));
    switch (run.init->law) {
      case UnitLaw::kZero:
        return 0;
      case UnitLaw::kConstant:
        return 1;
      case UnitLaw::kNormal:
        return VariateFromWord(VariateLaw::kNormal, word);
      case UnitLaw::kUniform:
        return VariateFromWord(VariateLaw::kUniform, word);
      case UnitLaw::kTruncatedNormal:
        return VariateFromWord(VariateLaw::kTruncatedNormal, word);
      case UnitLaw::kOrthogonal:
        break;
    }
    INITSCOPE_CHECK(false && "the oracle draws i.i.d. weights only");
  };
  RealMatrix w(fi, fo), b(1, fo);
  for (size_t i = 0; i < fi; ++i) {
    for (size_t j = 0; j < fo; ++j) {
      const double u = unit(i, j);
      w(i, j) = Real{s} * (rounds ? static_cast<float>(u) : u);
    }
  }
  for (size_t j = 0; j < fo; ++j) {
    const uint32_t word =
        RandomWord({run.seed, Stream::kBiases, static_cast<uint32_t>(l)}, 0,
                   static_cast<uint32_t>(j));
    const double value =
        run.bias_init == BiasInit::kNormal
            ? run.bias_std * VariateFromWord(VariateLaw::kNormal, word)
            : VariateFromWord(VariateLaw::kUniform, word) /
                  std::sqrt(3.0 * static_cast<double>(fi));
    b(0, j) = rounds ? static_cast<float>(value) : value;
  }
  o->w.push_back(std::move(w));
  o->b.push_back(std::move(b));
}

RealMatrix Linear(const RealMatrix& x, const RealMatrix& w,
                  const RealMatrix& b) {
  Dense z = AsEigen(x) * AsEigen(w);
  z.rowwise() += AsEigen(b).row(0);
  return FromEigen(z);
}

// The loss, and delta_L if `delta` is not null.
Real Head(const RunSpec& run, const RealMatrix& z, const RealMatrix& y,
          RealMatrix* delta) {
  const Real m = static_cast<Real>(z.rows());
  const Real c = static_cast<Real>(z.cols());
  Real loss = 0;
  for (size_t i = 0; i < z.rows(); ++i) {
    Real max = z(i, 0), sum = 0;
    for (size_t j = 0; j < z.cols(); ++j) max = std::max(max, z(i, j));
    for (size_t j = 0; j < z.cols(); ++j) sum += std::exp(z(i, j) - max);
    for (size_t j = 0; j < z.cols(); ++j) {
      const Real zij = z(i, j), yij = y(i, j);
      Real d = 0;
      if (run.loss->name == "mse") {
        loss += (zij - yij) * (zij - yij) / (2 * m * c);
        d = (zij - yij) / (m * c);
      } else if (run.loss->name == "sigmoid_cross_entropy") {
        loss += (std::max(zij, Real{0}) - zij * yij +
                 std::log1p(std::exp(-std::abs(zij)))) /
                m;
        d = ((1 - yij) * Sigmoid(zij) - yij * Sigmoid(-zij)) / m;
      } else if (run.loss->name == "softmax_cross_entropy") {
        loss -= yij * (zij - max - std::log(sum)) / m;
        // ŷ − y of the whole less that of the others, which does not cancel.
        for (size_t k = 0; k < z.cols(); ++k) {
          if (k == j && zij < max) d += std::exp(zij - max) / sum - yij;
          if (k != j && zij == max)
            d -= std::exp(z(i, k) - max) / sum - y(i, k);
        }
        d /= m;
      } else {
        loss += yij * zij;
        d = yij;
      }
      if (delta != nullptr) (*delta)(i, j) = d;
    }
  }
  return loss;
}

}  // namespace

Oracle ComputeOracle(const RunSpec& run, size_t batch) {
  const size_t depth = run.depth();
  Oracle o;
  o.run = &run;
  o.x.resize(depth + 1);
  o.z.resize(depth + 1);
  o.delta.resize(depth + 1);
  o.dw.resize(depth);
  o.db.resize(depth);
  // Inputs and targets in the run's precision, as plain numbers.
  const auto plain = [](const auto& scaled) {
    RealMatrix out(scaled.rows(), scaled.cols());
    for (size_t i = 0; i < out.rows(); ++i) {
      for (size_t j = 0; j < out.cols(); ++j) {
        out(i, j) = std::ldexp(Real{scaled.mantissa(i, j)},
                               static_cast<int>(scaled.exponent[i]));
      }
    }
    return out;
  };
  if (run.precision == Precision::kFloat32) {
    ScaledMatrix<float> x;
    FillInputs(run, batch, &x);
    o.x[0] = plain(x);
  } else {
    ScaledMatrix<double> x;
    FillInputs(run, batch, &x);
    o.x[0] = plain(x);
  }
  const Matrix<double> targets = MakeTargets(run, batch);
  o.target.Resize(targets.rows(), targets.cols());
  std::copy_n(targets.data(), targets.size(), o.target.data());

  for (size_t l = 0; l < depth; ++l) {
    DrawParameters(run, l, &o);
    o.z[l + 1] = Linear(o.x[l], o.w[l], o.b[l]);
    o.x[l + 1] = l + 1 < depth ? Activated(run, o.z[l + 1], false)
                               : Linear(o.x[l], o.w[l], o.b[l]);
  }
  o.delta[depth].Resize(o.z[depth].rows(), o.z[depth].cols());
  o.loss = Head(run, o.z[depth], o.target, &o.delta[depth]);
  for (size_t l = depth; l-- > 0;) {
    const Map next = AsEigen(o.delta[l + 1]);
    o.dw[l] = FromEigen(AsEigen(o.x[l]).transpose() * next);
    o.db[l] = FromEigen(next.colwise().sum());
    const Dense back = next * AsEigen(o.w[l]).transpose();
    if (l == 0) {
      o.delta[l] = FromEigen(back);
    } else {
      const RealMatrix slope = Activated(run, o.z[l], true);
      o.delta[l] = FromEigen(back.cwiseProduct(AsEigen(slope)));
    }
  }
  return o;
}

Real OracleLoss(const Oracle& o) {
  Dense x = AsEigen(o.x[0]);
  for (size_t l = 0; l < o.w.size(); ++l) {
    const RealMatrix z = Linear(FromEigen(x), o.w[l], o.b[l]);
    if (l + 1 == o.w.size()) return Head(*o.run, z, o.target, nullptr);
    x = AsEigen(Activated(*o.run, z, false));
  }
  return 0;
}

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

}  // namespace

std::map<std::string, Real> OracleStatistics(const std::vector<Oracle>& batches,
                                             size_t l) {
  const RunSpec& run = *batches[0].run;
  const size_t depth = run.depth();
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
  if (l > 0 && l < depth) {
    Values slope;
    for (Real z : flat(&Oracle::z, l)) {
      slope.push_back(Slope(run.activation->name, z));
    }
    s["slope_mean"] = MeanOf(slope);
    s["slope_second_moment"] = SecondMoment(slope);
    const Real bound = 0.01L * run.activation->max_slope;
    s["saturated_fraction"] =
        Fraction(slope, [&](Real v) { return std::abs(v) < bound; });
    const size_t n = run.widths[l];
    Real dead = 0;
    for (size_t j = 0; j < n; ++j) {
      bool alive = false;
      for (size_t k = j; k < slope.size(); k += n) alive |= slope[k] != 0;
      dead += alive ? 0 : 1;
    }
    s["dead_unit_fraction"] = dead / static_cast<Real>(n);
  }
  std::map<std::string, Real> logs;
  for (const auto& [name, value] : s) logs["log10_" + name] = std::log10(value);
  s.insert(logs.begin(), logs.end());
  return s;
}

RunResult Simulate(const RunSpec& run, TensorObserver* observer) {
  RunResult result;
  SimulateBundle({&run}, {nullptr, observer}, {&result});
  return result;
}

double Statistic(const RunResult& result, size_t layer, std::string_view name) {
  const auto columns = StatisticColumns();
  for (size_t k = 0; k < columns.size(); ++k) {
    if (columns[k].name == name) {
      return result.statistics[layer * columns.size() + k];
    }
  }
  ADD_FAILURE() << "no statistic " << name;
  return 0;
}

double Epsilon(const RunSpec& run) {
  return run.precision == Precision::kFloat32
             ? std::numeric_limits<float>::epsilon()
             : std::numeric_limits<double>::epsilon();
}

RunSpec MakeRun(const std::map<std::string, std::string>& settings) {
  SweepPoint point;
  for (const auto& [key, value] : settings) point[key] = {value, "test"};
  InputCatalog catalog(
      [](const std::string&, const std::string&) { return InputData(); });
  return ResolveRun(point, &catalog);
}

}  // namespace initscope
