// The recursion of whole networks against plain recursions by quadrature, and
// against laws that are known in closed form.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "theory/backward_theory.h"
#include "theory/batch_spread.h"
#include "theory/forward_rows.h"
#include "theory/pair_quadrature.h"

namespace initscope {
namespace {

const Activation& Find(std::string_view name) {
  return *std::find_if(Activations().begin(), Activations().end(),
                       [&](const Activation& f) { return f.name == name; });
}

// Unequal norms, correlations of both signs.
ScaledMatrix<double> Inputs() {
  const double rows[4][3] = {
      {1.0, 0.2, -0.4}, {0.5, 1.5, 0.3}, {-0.6, 0.9, 1.1}, {2.0, 0.1, 0.7}};
  ScaledMatrix<double> x;
  x.Resize(4, 3);
  std::copy_n(rows[0], 12, x.mantissa.data());
  return x;
}

NetworkModel Model(const Activation& f, std::vector<size_t> widths, double gain,
                   double bias) {
  NetworkModel model;
  model.activation = &f;
  for (size_t l = 0; l + 1 < widths.size(); ++l) {
    model.log_scale.push_back(
        std::log(gain * gain / static_cast<double>(widths[l])));
    model.bias_variance.push_back({bias * bias, 0});
  }
  model.widths = std::move(widths);
  return model;
}

// delta_L of second moment 1, with products 0.3 between samples, and with
// (delta_L · Z_L/width)² = aligned.
DeltaStart UnitStart(const BatchGeometry& geometry, double aligned = 0) {
  DeltaStart start;
  for (size_t k = 0; k < DeltaStart::kPowers; ++k) {
    start.log_aligned[k].assign(geometry.sample_groups().size(),
                                std::log(aligned));
    start.class_log_aligned[k].assign(geometry.classes().size(),
                                      std::log(aligned));
  }
  start.log_square.assign(geometry.sample_groups().size(), 0);
  start.class_log_square.assign(geometry.classes().size(), 0);
  start.product.assign(geometry.pairs().size(), 0.3);
  start.aligned_product.assign(geometry.pairs().size(), aligned);
  start.cosine_square.assign(geometry.pairs().size(), 0.09);
  return start;
}

std::vector<double> NoAlignment(const BatchGeometry& geometry) {
  return std::vector<double>(geometry.classes().size(), 0);
}

// K by nested quadrature, entry by entry; then means over the batch.
TEST(NetworkTheory, AgreesWithThePlainRecursion) {
  const BatchGeometry geometry(1, [](size_t) { return Inputs(); });
  const TheoryTables tables;
  for (const char* name : {"tanh", "relu", "gelu", "sigmoid", "selu"}) {
    SCOPED_TRACE(name);
    const Activation& f = Find(name);
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
      const double s2 = 1.69 / static_cast<double>(model.widths[l]);
      const auto fan_out = static_cast<double>(model.widths[l + 1]);
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
  const NetworkModel model =
      Model(Find("linear"), {3, kUnits, kUnits, kUnits, kUnits}, 1, 0);
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
  NetworkModel model = Model(Find("linear"), {3, 50, 50, 50, 50}, 1, 0);
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
  const NetworkModel model = Model(Find("relu"), widths, std::sqrt(2), 0);
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
    const NetworkModel model = Model(Find(name), widths, 1, 0);
    const ForwardTheory forward(model, geometry, tables);
    return n *
           (forward.layer(400).classes[0].variance -
            forward.layer(300).classes[0].variance) /
           100;
  };
  EXPECT_NEAR(growth("linear"), 2, 1e-5);
  EXPECT_NEAR(growth("tanh"), 2. / 3, 0.02);  // log l/l
}

// Nothing leaves the range of logarithms in 1,000 layers.
TEST(NetworkTheory, DeepNetworksStayInRange) {
  const BatchGeometry geometry(1, [](size_t) { return Inputs(); });
  const TheoryTables tables;
  std::vector<size_t> widths(1001, 50);
  widths[0] = 3;
  for (const Activation& f : Activations()) {
    for (const double gain : {0.0, 0.3, 5.0}) {
      for (const double bias : {0.0, 0.1}) {
        const NetworkModel model = Model(f, widths, gain, bias);
        const ForwardTheory forward(model, geometry, tables);
        std::vector<TheoryRow> rows = ForwardRows(forward, 1);
        // As aligned with Z_L, of whatever size, as chance has it.
        DeltaStart start = UnitStart(geometry);
        const LayerState& output = forward.layer(model.depth());
        for (size_t k = 0; k < DeltaStart::kPowers; ++k) {
          const auto by_chance = [&](double log_q) {
            return (k == 2 ? 0 : (1 - static_cast<double>(k) / 2) * log_q) -
                   std::log(50);
          };
          std::transform(output.log_q.begin(), output.log_q.end(),
                         start.log_aligned[k].begin(), by_chance);
          std::transform(
              output.classes.begin(), output.classes.end(),
              start.class_log_aligned[k].begin(),
              [&](const ClassState& c) { return by_chance(c.log_q); });
        }
        FillBackward(forward, start, NoAlignment(geometry), &rows);
        for (const TheoryRow& row : rows) {
          if (&row == &rows[0]) continue;
          for (const Estimate& estimate :
               {row.pre_activation_second_moment, row.activation_variance,
                row.delta_second_moment, row.weight_gradient_second_moment}) {
            // A band, or none.
            EXPECT_FALSE(std::isnan(estimate.log_limit))
                << f.name << " gain " << gain << " bias " << bias << " row "
                << &row - rows.data();
          }
          const Estimate& delta = row.delta_second_moment;
          EXPECT_EQ(std::isnan(delta.log_mean), std::isnan(delta.log_variance));
          if (::testing::Test::HasFailure()) return;
        }
      }
    }
  }
}

// X · 2^e with W · 2^−e is the same network; each row may have its own e where
// the activation is homogeneous.
TEST(NetworkTheory, TakesInputsOfAnySize) {
  const TheoryTables tables;
  const int64_t shifts[4] = {1000, -1000, 5000, -3};
  const auto shifted = [&](bool alike) {
    return [&shifts, alike](size_t) {
      ScaledMatrix<double> x = Inputs();
      for (size_t i = 0; i < 4; ++i) x.exponent[i] = shifts[alike ? 0 : i];
      return x;
    };
  };
  const BatchGeometry plain(1, [](size_t) { return Inputs(); });
  const BatchGeometry same(1, shifted(true)), own(1, shifted(false));
  // Of log q, a sum of numbers up to 7,000.
  constexpr double kTolerance = 1e-11;
  for (const Activation& f : Activations()) {
    SCOPED_TRACE(f.name);
    NetworkModel model = Model(f, {3, 40, 20, 10}, 1.3, 0.2);
    const ForwardTheory expected(model, plain, tables);
    NetworkModel smaller = model;
    smaller.log_scale[0] -= 2000 * std::numbers::ln2;
    const ForwardTheory found(smaller, same, tables);
    const TheoryRow a = ForwardRows(expected, 1)[3];
    const TheoryRow b = ForwardRows(found, 1)[3];
    EXPECT_NEAR(a.pre_activation_second_moment.log_mean,
                b.pre_activation_second_moment.log_mean, kTolerance);
    EXPECT_NEAR(a.log_one_minus_cosine, b.log_one_minus_cosine, kTolerance);
    if (!f.homogeneous) continue;
    model.bias_variance.assign(3, {});
    const ForwardTheory without(model, plain, tables);
    const ForwardTheory each(model, own, tables);
    for (size_t i = 0; i < 4; ++i) {
      EXPECT_NEAR(each.layer(3).log_q[own.SampleGroup(i)],
                  without.layer(3).log_q[plain.SampleGroup(i)] +
                      2 * std::numbers::ln2 * static_cast<double>(shifts[i]),
                  kTolerance);
    }
    std::vector<TheoryRow> rows = ForwardRows(each, 1);
    FillBackward(each, UnitStart(own), NoAlignment(own), &rows);
    EXPECT_TRUE(std::isfinite(rows[3].activation_second_moment.log_mean));
    EXPECT_TRUE(std::isfinite(rows[1].weight_gradient_second_moment.log_limit));
  }
}

// Biases whose square is beyond a double: with no weights they are all of q.
TEST(NetworkTheory, TakesBiasesOfAnySize) {
  const BatchGeometry geometry(1, [](size_t) { return Inputs(); });
  const TheoryTables tables;
  NetworkModel model = Model(Find("tanh"), {3, 40, 20, 10}, 0, 0);
  model.bias_variance.assign(3, SquareOf(1e-200));
  const ForwardTheory forward(model, geometry, tables);
  EXPECT_NEAR(forward.layer(2).log_q[0], -400 * std::numbers::ln10, 1e-9);
}

// Where lsuv meets a layer without variance no run has weights.
TEST(NetworkTheory, DoesNotHoldWhereLsuvHasNothingToScale) {
  const TheoryTables tables;
  const BatchGeometry zero(1, [](size_t) {
    ScaledMatrix<double> x;
    x.Resize(2, 3);
    std::fill_n(x.mantissa.data(), 6, 0.0);
    return x;
  });
  const BatchGeometry some(1, [](size_t) { return Inputs(); });
  for (const Activation& f : Activations()) {
    SCOPED_TRACE(f.name);
    NetworkModel model = Model(f, {3, 40, 20, 10}, 1, 0);
    for (const double gain : {1.0, 1e-200, 0.0}) {
      model.output_variance = SquareOf(gain);
      const ForwardTheory nothing(model, zero, tables);
      EXPECT_FALSE(nothing.holds());
      const ForwardTheory forward(model, some, tables);
      // At gain 0 the second layer's input is f(0).
      EXPECT_EQ(forward.holds(), gain > 0 || f.value(0) != 0);
      std::vector<TheoryRow> rows = ForwardRows(nothing, 1);
      FillBackward(nothing, UnitStart(zero), NoAlignment(zero), &rows);
      for (const TheoryRow& row : rows) {
        for (const TheoryColumn& column : TheoryColumns()) {
          EXPECT_TRUE(std::isnan(column.Value(row))) << column.name;
        }
      }
      if (gain == 0) continue;
      EXPECT_NEAR(forward.layer(1).log_q[0] - forward.layer(0).log_square[0],
                  2 * std::log(gain) - LogMeanExp(forward.layer(0).log_square,
                                                  some.sample_groups()),
                  1e-11);
    }
  }
}

}  // namespace
}  // namespace initscope
