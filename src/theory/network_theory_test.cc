// The recursion of whole networks against plain recursions by quadrature, and
// against laws that are known in closed form.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "theory/backward_theory.h"
#include "theory/batch_spread.h"
#include "theory/forward_rows.h"
#include "theory/network_model_test.h"
#include "theory/pair_quadrature.h"

namespace initscope {
namespace {

// K by nested quadrature, entry by entry; then means over the batch.
TEST(NetworkTheory, AgreesWithThePlainRecursion) {
  const BatchGeometry geometry(1, [](size_t) { return Inputs(); });
  const TheoryTables tables;
  for (const char* name : {"tanh", "relu", "gelu", "sigmoid", "selu"}) {
    SCOPED_TRACE(name);
    const Activation& f = FindActivation(name);
    // So wide that the weight gradients' terms in batch/width are nothing.
    const NetworkModel model =
        Model(f, {3, 40'000'000, 90'000'000, 20'000'000, 10}, 1.3, 0.2);
    const ForwardTheory forward(model, geometry, tables);
    std::vector<TheoryRow> rows = ForwardRows(forward, 1);
    constexpr double kAligned = 0.5;
    const DeltaStart start = UnitStart(geometry, kAligned);
    FillBackward(forward, start, NoAlignment(geometry), &rows);
    // Forward.
    const Matrix<double> x = Inputs().mantissa;
    double kernels[5][4][4], slopes[5][4][4], products[5][4][4];
    // E f f' f f', and E u f f' of one sample.
    double mixed[5][4][4], growth[5][4];
    for (int a = 0; a < 4; ++a) {
      for (int b = 0; b < 4; ++b) {
        products[0][a][b] = 0;
        for (int j = 0; j < 3; ++j) products[0][a][b] += x(a, j) * x(b, j) / 3;
      }
    }
    for (size_t l = 1; l <= 4; ++l) {
      double q = 0, cosine = 0, square = 0, mean = 0, slope2 = 0;
      auto& k = kernels[l];
      for (int a = 0; a < 4; ++a) {
        for (int b = 0; b < 4; ++b) {
          k[a][b] = 1.69 * products[l - 1][a][b] + 0.04;
        }
      }
      for (int a = 0; a < 4; ++a) {
        q += k[a][a] / 4;
        for (int b = 0; b < 4; ++b) {
          const double c = k[a][b] / std::sqrt(k[a][a] * k[b][b]);
          if (b > a) cosine += c / 6;
          const PairLaw law = {k[a][a], k[b][b], a == b ? 1 : c};
          products[l][a][b] = PairMean(
              [&](double u, double v) { return f.value(u) * f.value(v); },
              f.kinks, f.kinks, law);
          slopes[l][a][b] = PairMean(
              [&](double u, double v) { return f.slope(u) * f.slope(v); },
              f.kinks, f.kinks, law);
          mixed[l][a][b] = PairMean(
              [&](double u, double v) {
                return f.value(u) * f.slope(u) * f.value(v) * f.slope(v);
              },
              f.kinks, f.kinks, law);
        }
        growth[l][a] = PairMean(
            [&](double u, double) { return u * f.value(u) * f.slope(u); },
            f.kinks, f.kinks, {k[a][a], k[a][a], 0});
        square += products[l][a][a] / 4;
        slope2 += slopes[l][a][a] / 4;
        mean += PairMean([&](double u, double) { return f.value(u); }, f.kinks,
                         f.kinks, {k[a][a], k[a][a], 0}) /
                4;
      }
      const double tolerance = f.kinks.empty() || f.homogeneous ? 1e-7 : 1e-4;
      const TheoryRow& row = rows[l];
      EXPECT_NEAR(std::exp(row.pre_activation_second_moment.log_limit), q,
                  1e-9 * q);
      EXPECT_NEAR(1 - std::exp(row.log_one_minus_cosine), cosine, tolerance);
      if (l == 4) break;
      EXPECT_NEAR(std::exp(row.activation_second_moment.log_limit), square,
                  1e-9 * square);
      EXPECT_NEAR(std::exp(row.activation_variance.log_limit),
                  square - mean * mean, 1e-9 * square);
      EXPECT_NEAR(row.activation_mean, mean, 1e-9);
      EXPECT_NEAR(std::exp(row.slope_second_moment.log_limit), slope2,
                  1e-9 * slope2);
    }
    // Backward: P(a, b) of delta, 1 and 0.3 at the output.
    double p[4][4];
    for (int a = 0; a < 4; ++a) {
      for (int b = 0; b < 4; ++b) p[a][b] = a == b ? 1 : 0.3;
    }
    // α_a α_b of ∂loss/∂X_l, of one sample less what is there by chance.
    double alpha[4][4];
    for (size_t l = 4; l-- > 0;) {
      double gradient = 0, delta = 0;
      for (int a = 0; a < 4; ++a) {
        for (int b = 0; b < 4; ++b) gradient += p[a][b] * products[l][a][b];
      }
      const double tolerance = f.kinks.empty() || f.homogeneous ? 1e-4 : 2e-3;
      EXPECT_NEAR(std::exp(rows[l + 1].weight_gradient_second_moment.log_limit),
                  gradient, tolerance * gradient);
      const double s2 = 1.69 / static_cast<double>(model.width(l));
      const auto fan_out = static_cast<double>(model.width(l + 1));
      const auto& k = kernels[l + 1];
      for (int a = 0; a < 4; ++a) {
        for (int b = 0; b < 4; ++b) {
          const double kk = k[a][a] * k[b][b];
          const double scale = s2 * s2 * fan_out * fan_out / kk;
          if (l == 3) {
            const double by_chance = a == b ? k[a][a] / fan_out : 0;
            alpha[a][b] = scale * (kAligned - by_chance);
          } else {
            alpha[a][b] *= scale * growth[l + 1][a] * growth[l + 1][b];
          }
          p[a][b] = alpha[a][b] * (l > 0 ? mixed[l][a][b] : products[0][a][b]) +
                    s2 * fan_out * p[a][b] * (l > 0 ? slopes[l][a][b] : 1);
        }
        delta += p[a][a] / 4;
      }
      EXPECT_NEAR(std::exp(rows[l].delta_second_moment.log_limit), delta,
                  1e-9 * delta);
    }
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
  std::vector<TheoryRow> rows = ForwardRows(forward, 1);
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
  FillBackward(forward, start, NoAlignment(geometry), &rows);
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
  std::vector<TheoryRow> rows = ForwardRows(forward, 1);
  FillBackward(forward, UnitStart(geometry, 0.4), NoAlignment(geometry), &rows);
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
  std::vector<TheoryRow> rows = ForwardRows(forward, 2);
  FillBackward(forward, UnitStart(geometry), NoAlignment(geometry), &rows);
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
