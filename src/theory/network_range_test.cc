// That theory takes networks, inputs and biases of any size.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "theory/log_sum.h"
#include "theory/network_model_test.h"

namespace initscope {
namespace {

// Nothing leaves the range of logarithms in 1,000 layers.
TEST(NetworkRange, DeepNetworksStayInRange) {
  const BatchGeometry geometry(1, [](size_t) { return Inputs(); });
  const TheoryTables tables;
  std::vector<size_t> widths(1001, 50);
  widths[0] = 3;
  for (const Activation& f : Activations()) {
    for (const double gain : {0.0, 0.3, 5.0}) {
      for (const double bias : {0.0, 0.1}) {
        const NetworkModel model = Model(f, widths, gain, bias);
        const ForwardTheory forward(model, geometry, tables);
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
        const std::vector<TheoryRow> rows = AllRows(forward, start);
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
TEST(NetworkRange, TakesInputsOfAnySize) {
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
    const std::vector<TheoryRow> rows = AllRows(each, UnitStart(own));
    EXPECT_TRUE(std::isfinite(rows[3].activation_second_moment.log_mean));
    EXPECT_TRUE(std::isfinite(rows[1].weight_gradient_second_moment.log_limit));
  }
}

// Biases whose square is beyond a double: with no weights they are all of q.
TEST(NetworkRange, TakesBiasesOfAnySize) {
  const BatchGeometry geometry(1, [](size_t) { return Inputs(); });
  const TheoryTables tables;
  NetworkModel model = Model(FindActivation("tanh"), {3, 40, 20, 10}, 0, 0);
  model.bias_variance.assign(3, SquareOf(1e-200));
  const ForwardTheory forward(model, geometry, tables);
  EXPECT_NEAR(forward.layer(2).log_q[0], -400 * std::numbers::ln10, 1e-9);
}

// Where lsuv meets a layer without variance no run has weights.
TEST(NetworkRange, DoesNotHoldWhereLsuvHasNothingToScale) {
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
      const std::vector<TheoryRow> rows = AllRows(nothing, UnitStart(zero));
      for (const TheoryRow& row : rows) {
        for (const TheoryColumn& column : TheoryColumns()) {
          EXPECT_TRUE(std::isnan(column.get(row))) << column.name;
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
