// A fully connected network in double, with plain loops: the reference for
// checking gradients.
//
// Independent of the engine: nothing is packed, shared or scaled, activations
// and losses are the tables' plain references, and there is no backward pass.
// Sums run in one fixed order, so whatever a change does not reach keeps its
// bits.
#pragma once

#include <limits>
#include <span>
#include <vector>

#include "base/matrix.h"
#include "nn/losses.h"
#include "nn/network.h"

namespace initscope {

// A network with its parameters and data; layers are numbered as in results
// files.
struct NetworkParameters {
  Network network;
  const Loss* loss = nullptr;
  std::vector<Matrix<double>> w;  // W_l: q_l × q_{l+1}, l = 0 … L−1
  std::vector<Matrix<double>> b;  // b_l: 1 × q_{l+1}
  Matrix<double> x;               // X_0: batch × q_0
  Matrix<double> target;          // Y (R for probe): batch × q_L
};

// One sample's share of the loss of a batch of `samples`. Stores the sample's
// row of delta_L in `delta`, as plain doubles.
double EvaluateLoss(const Loss& loss, std::span<const double> logits,
                    const double* target, size_t samples, double* delta);

class PlainNetwork {
 public:
  // Runs the forward pass. `parameters` must outlive the network.
  explicit PlainNetwork(const NetworkParameters& parameters);

  const NetworkParameters& parameters() const { return parameters_; }
  size_t depth() const { return parameters_.network.depth(); }
  size_t samples() const { return parameters_.x.rows(); }
  size_t width(size_t l) const { return parameters_.network.width(l); }
  // f of Z_l, l = 1 … L; null for the identity.
  const Activation* activation(size_t l) const {
    return parameters_.network.layers[l - 1].activation;
  }
  const Matrix<double>& z(size_t l) const { return z_[l]; }  // l = 1 … L
  // X_l, l = 0 … L.
  const Matrix<double>& x(size_t l) const;
  // The samples' shares of the batch's loss, and their sum.
  const std::vector<double>& losses() const { return losses_; }
  double Loss() const;
  // The share that a sample would have with these logits.
  double LossOf(const double* logits, size_t sample) const;

  // From now on, passes ignore kinks of the units of layer l whose entry of
  // `sensitivity`, batch × q_l, is 0: they do not matter to the loss.
  void IgnoreKinks(size_t l, const Matrix<double>& sensitivity);
  // Whether passes look at the kinks of unit j of layer l.
  bool Watches(size_t l, size_t sample, size_t j) const {
    return activation(l) != nullptr && !activation(l)->kinks.empty() &&
           (ignored_[l].size() == 0 || ignored_[l](sample, j) == 0);
  }

 private:
  const NetworkParameters& parameters_;
  std::vector<Matrix<double>> z_, x_;
  std::vector<Matrix<unsigned char>> ignored_;
  std::vector<double> losses_;
};

// The effect of changing one entry.
struct LossChange {
  double change = 0;  // of the loss
  // The fraction of the change at which the first unit reaches a kink: 0 if it
  // lies on one, infinite if none is reached.
  double room = std::numeric_limits<double>::infinity();
  double moved = 0;  // the largest |change| of a pre-activation
};

// Passes with one entry changed, which compute only what comes after it. Not
// for concurrent use.
class ChangedPass {
 public:
  explicit ChangedPass(const PlainNetwork& network);

  LossChange SetWeight(size_t l, size_t i, size_t j, double value);
  LossChange SetBias(size_t l, size_t j, double value);
  // Changes entry (sample, j) of Z_l, l = 1 … L, or of X_0 for l = 0.
  LossChange SetUnit(size_t l, size_t sample, size_t j, double value);

 private:
  // Sets W_l(i, j) = weight and b_l(j) = bias.
  LossChange Set(size_t l, size_t i, size_t j, double weight, double bias);
  void ChangeUnit(size_t l, size_t sample, size_t j, double value,
                  LossChange* sum);
  // Computes the loss from the row of X_l in row_.
  void Continue(size_t l, size_t sample, LossChange* sum);
  void LookAt(size_t l, size_t sample, size_t j, double z,
              LossChange* sum) const;

  const PlainNetwork& network_;
  std::vector<double> row_, next_;
};

}  // namespace initscope
