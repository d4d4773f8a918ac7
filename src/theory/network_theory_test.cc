// The recursion of whole networks against plain recursions by quadrature, and
// against laws that are known in closed form.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "theory/batch_spread.h"
#include "theory/network_model_test.h"
#include "theory/pair_quadrature.h"

namespace initscope {
namespace {

constexpr size_t kSamples = 4;
constexpr double kGain = 1.3, kBias = 0.2;
using Kernel = std::array<std::array<double, kSamples>, kSamples>;

double MeanDiagonal(const Kernel& kernel) {
  double sum = 0;
  for (size_t a = 0; a < kSamples; ++a) sum += kernel[a][a];
  return sum / kSamples;
}

// One layer of the recursion by nested quadrature, for each two samples.
struct PlainLayer {
  Kernel k;                     // K_l
  Kernel x, slopes, mixed;      // E f f, E f' f', E f f' f f'
  double growth[kSamples];      // E u f f' of one sample
  double mean = 0, cosine = 0;  // over samples: of f; over pairs: of Z
};

PlainLayer PlainForward(const Activation& f, const Kernel& x_before) {
  PlainLayer layer;
  const auto value = [&](double z) { return f.value(z); };
  const auto slope = [&](double z) { return f.slope(z); };
  const auto both = [&](double z) { return f.value(z) * f.slope(z); };
  for (size_t a = 0; a < kSamples; ++a) {
    for (size_t b = 0; b < kSamples; ++b) {
      layer.k[a][b] = kGain * kGain * x_before[a][b] + kBias * kBias;
    }
  }
  for (size_t a = 0; a < kSamples; ++a) {
    const double q = layer.k[a][a];
    for (size_t b = 0; b < kSamples; ++b) {
      const double c = layer.k[a][b] / std::sqrt(q * layer.k[b][b]);
      const auto mean = [&](const auto& g) {
        return PairMean([&](double u, double v) { return g(u) * g(v); },
                        f.kinks, f.kinks, {q, layer.k[b][b], a == b ? 1 : c});
      };
      layer.x[a][b] = mean(value);
      layer.slopes[a][b] = mean(slope);
      layer.mixed[a][b] = mean(both);
      if (b > a) layer.cosine += c / 6;
    }
    const auto mean = [&](const auto& g) {
      return PairMean([&](double u, double) { return g(u); }, f.kinks, f.kinks,
                      {q, q, 0});
    };
    layer.growth[a] = mean([&](double z) { return z * both(z); });
    layer.mean += mean(value) / kSamples;
  }
  return layer;
}

void ExpectForward(const TheoryRow& row, const PlainLayer& layer, bool hidden,
                   double tolerance) {
  const auto near = [](const Estimate& found, double expected, double scale) {
    EXPECT_NEAR(std::exp(found.log_limit), expected, 1e-9 * scale);
  };
  const double q = MeanDiagonal(layer.k), square = MeanDiagonal(layer.x);
  const double slope = MeanDiagonal(layer.slopes);
  near(row.pre_activation_second_moment, q, q);
  EXPECT_NEAR(1 - std::exp(row.log_one_minus_cosine), layer.cosine, tolerance);
  if (!hidden) return;
  near(row.activation_second_moment, square, square);
  near(row.activation_variance, square - layer.mean * layer.mean, square);
  EXPECT_NEAR(row.activation_mean, layer.mean, 1e-9);
  near(row.slope_second_moment, slope, slope);
}

// The recursion backward from a delta_L of second moment 1, products 0.3 and
// (delta_L · Z_L/width)² = aligned. layers[0] is the input.
void ExpectBackward(const std::vector<TheoryRow>& rows,
                    const std::vector<PlainLayer>& layers,
                    const NetworkModel& model, double aligned,
                    double tolerance) {
  Kernel p;  // of delta_{l+1}
  for (size_t a = 0; a < kSamples; ++a) {
    for (size_t b = 0; b < kSamples; ++b) p[a][b] = a == b ? 1 : 0.3;
  }
  // α_a α_b of ∂loss/∂X_l, for one sample less what it is by chance.
  Kernel alpha = {};
  for (size_t l = layers.size() - 1; l-- > 0;) {
    const PlainLayer &layer = layers[l], &next = layers[l + 1];
    const auto fan_out = static_cast<double>(model.width(l + 1));
    const double s2 =
        kGain * kGain / static_cast<double>(model.width(l)) * fan_out;
    double gradient = 0;
    for (size_t a = 0; a < kSamples; ++a) {
      for (size_t b = 0; b < kSamples; ++b) {
        gradient += p[a][b] * layer.x[a][b];
        const double scale = s2 * s2 / (next.k[a][a] * next.k[b][b]);
        alpha[a][b] =
            scale * (l + 2 == layers.size()
                         ? aligned - (a == b ? next.k[a][a] : 0) / fan_out
                         : alpha[a][b] * next.growth[a] * next.growth[b]);
        p[a][b] =
            alpha[a][b] * layer.mixed[a][b] + s2 * p[a][b] * layer.slopes[a][b];
      }
    }
    EXPECT_NEAR(std::exp(rows[l + 1].weight_gradient_second_moment.log_limit),
                gradient, tolerance * gradient);
    EXPECT_NEAR(std::exp(rows[l].delta_second_moment.log_limit),
                MeanDiagonal(p), 1e-9 * MeanDiagonal(p));
  }
}

TEST(NetworkTheory, AgreesWithThePlainRecursion) {
  const BatchGeometry geometry(1, [](size_t) { return Inputs(); });
  const TheoryTables tables;
  PlainLayer input = {};
  const Matrix<double> x = Inputs().mantissa;
  for (size_t a = 0; a < kSamples; ++a) {
    for (size_t b = 0; b < kSamples; ++b) {
      for (size_t j = 0; j < 3; ++j) input.x[a][b] += x(a, j) * x(b, j) / 3;
      input.slopes[a][b] = 1;
    }
  }
  input.mixed = input.x;
  for (const char* name : {"tanh", "relu", "gelu", "sigmoid", "selu"}) {
    SCOPED_TRACE(name);
    const Activation& f = FindActivation(name);
    // So wide that the weight gradients' terms in batch/width are nothing.
    const NetworkModel model =
        Model(f, {3, 40'000'000, 90'000'000, 20'000'000, 10}, kGain, kBias);
    const ForwardTheory forward(model, geometry, tables);
    constexpr double kAligned = 0.5;
    const std::vector<TheoryRow> rows =
        AllRows(forward, UnitStart(geometry, kAligned));
    const bool is_exact = f.kinks.empty() || f.homogeneous;
    std::vector<PlainLayer> layers = {input};
    for (size_t l = 1; l <= 4; ++l) {
      layers.push_back(PlainForward(f, layers.back().x));
      ExpectForward(rows[l], layers[l], l < 4, is_exact ? 1e-7 : 1e-4);
    }
    ExpectBackward(rows, layers, model, kAligned, is_exact ? 1e-4 : 2e-3);
  }
}

// δ_L = Z_L in a linear network of q = 1: δ_l · δ_l/n is L − l + 1 times X_l ·
// X_l/n for any two samples, so that E dW² moves with the square of c, whose
// variance is (1 − c²)²/n for every layer before.
TEST(NetworkTheory, WeightGradientsMoveWithTheSamplesCorrelation) {
  const BatchGeometry geometry(1, [](size_t) {
    ScaledMatrix<double> x = Inputs();
    for (size_t i = 0; i < 4; ++i) {
      double square = 0;
      for (size_t j = 0; j < 3; ++j)
        square += x.mantissa(i, j) * x.mantissa(i, j);
      for (size_t j = 0; j < 3; ++j) x.mantissa(i, j) *= std::sqrt(3 / square);
    }
    return x;
  });
  const TheoryTables tables;
  constexpr double kWidth = 1e6;
  constexpr auto kUnits = static_cast<size_t>(kWidth);
  const NetworkModel model = Model(FindActivation("linear"),
                                   {3, kUnits, kUnits, kUnits, kUnits}, 1, 0);
  const ForwardTheory forward(model, geometry, tables);
  // The one in 1/n is what theory takes for chance.
  DeltaStart start = UnitStart(geometry, 1 + 1 / kWidth);
  double square = 0, variance = 0;
  for (size_t p = 0; p < geometry.pairs().size(); ++p) {
    const double c = 1 - geometry.pairs()[p].one_minus_cosine;
    start.product[p] = c;
    start.aligned_product[p] = 1;
    start.cosine_square[p] = c * c;
    square += 2 * c * c;
    variance += 2 * (1 - c * c) * (1 - c * c) / kWidth;
  }
  const std::vector<TheoryRow> rows = AllRows(forward, start);
  for (size_t l = 1; l <= 4; ++l) {
    const auto before = static_cast<double>(l - 1);
    const auto parts = static_cast<double>(4 - l + 1);
    const double found =
        std::exp(rows[l].weight_gradient_second_moment.log_limit) / parts;
    EXPECT_NEAR((found - 4 - square) / variance, before, 1e-3) << l;
  }
}

// Orthogonal linear networks keep the length of delta, wherever it points.
TEST(NetworkTheory, OrthogonalLinearNetworksKeepDelta) {
  const BatchGeometry geometry(1, [](size_t) { return Inputs(); });
  const TheoryTables tables;
  NetworkModel model =
      Model(FindActivation("linear"), {3, 50, 50, 50, 50}, 1, 0);
  model.independent = false;
  const ForwardTheory forward(model, geometry, tables);
  const std::vector<TheoryRow> rows =
      AllRows(forward, UnitStart(geometry, 0.4));
  for (size_t l = 1; l <= 4; ++l) {
    EXPECT_NEAR(rows[l].delta_second_moment.log_limit, 0, 1e-12) << l;
  }
}

// He's relu: E[M²]/E[M]² = Π(1 + 5/n_l) (Hanin & Rolnick 2018), exactly, and
// the same of delta; E log M is less by half of the logarithm's variance.
TEST(NetworkTheory, ReluHasTheSpreadOfHaninAndNica) {
  const BatchGeometry geometry(1, [](size_t) {
    ScaledMatrix<double> x;
    x.Resize(1, 3);
    std::fill_n(x.mantissa.data(), 3, 1.0);
    return x;
  });
  const TheoryTables tables;
  const std::vector<size_t> widths = {3, 128, 64, 200, 32, 8};
  const NetworkModel model =
      Model(FindActivation("relu"), widths, std::sqrt(2), 0);
  const ForwardTheory forward(model, geometry, tables);
  const std::vector<TheoryRow> rows = AllRows(forward, UnitStart(geometry), 2);
  double variance = 0;
  for (size_t l = 1; l < 5; ++l) {
    variance += std::log1p(5 / static_cast<double>(widths[l]));
    const Estimate& square = rows[l].activation_second_moment;
    EXPECT_NEAR(square.log_variance, variance, 1e-12);
    EXPECT_NEAR(square.log_mean, square.log_limit - variance / 2, 1e-12);
    EXPECT_NEAR(square.log_limit, 0, 1e-12);
  }
  variance = 0;
  for (size_t l = 4; l >= 1; --l) {
    variance += std::log1p(5 / static_cast<double>(widths[l]));
    EXPECT_NEAR(rows[l].delta_second_moment.log_variance, variance, 1e-12);
  }
}

// Roberts, Yaida & Hanin: V/K² grows by 2/n a layer for linear networks, and
// for tanh at criticality by (2/3)/n once q ~ 1/l (their eq. 5.96 f.).
TEST(NetworkTheory, VertexGrowsAsRobertsYaidaAndHaninSay) {
  const BatchGeometry geometry(1, [](size_t) {
    ScaledMatrix<double> x;
    x.Resize(1, 1);
    x.mantissa(0, 0) = 1;
    return x;
  });
  const TheoryTables tables;
  const double n = 1e6;
  std::vector<size_t> widths(401, static_cast<size_t>(n));
  widths[0] = 1;
  const auto growth = [&](const char* name) {
    const NetworkModel model = Model(FindActivation(name), widths, 1, 0);
    const ForwardTheory forward(model, geometry, tables);
    return n *
           (forward.layer(400).classes[0].variance -
            forward.layer(300).classes[0].variance) /
           100;
  };
  EXPECT_NEAR(growth("linear"), 2, 1e-5);
  EXPECT_NEAR(growth("tanh"), 2. / 3, 0.02);  // log l/l
}

}  // namespace
}  // namespace initscope
