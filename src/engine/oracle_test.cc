#include "engine/oracle_test.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/batch_source.h"
#include "engine/oracle_eigen_test.h"
#include "engine/statistics.h"
#include "random/variates.h"
#include "spec/resolve.h"

namespace initscope {
namespace {

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

}  // namespace

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

namespace {

RealMatrix Activated(const RunSpec& run, const RealMatrix& z, bool slope) {
  RealMatrix out(z.rows(), z.cols());
  for (size_t i = 0; i < z.size(); ++i) {
    out.data()[i] = slope ? Slope(run.activation->name, z.data()[i])
                          : Value(run.activation->name, z.data()[i]);
  }
  return out;
}

void DrawParameters(const RunSpec& run, size_t l, Oracle* o) {
  const size_t fi = run.layers[l].fan_in, fo = run.layers[l].fan_out;
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
    FillInputs(run, batch, 1, &x);
    o.x[0] = plain(x);
  } else {
    ScaledMatrix<double> x;
    FillInputs(run, batch, 1, &x);
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
