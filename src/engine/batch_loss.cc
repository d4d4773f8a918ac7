#include "engine/batch_loss.h"

#include <algorithm>
#include <vector>

namespace initscope {
namespace {

bool IsCorrect(const std::vector<double>& logits, const double* target) {
  if (logits.size() == 1) return (logits[0] > 0) == (target[0] > 0.5);
  const auto top = std::ranges::max_element(logits);
  const double* wanted = std::max_element(target, target + logits.size());
  return top - logits.begin() == wanted - target;
}

}  // namespace

template <typename T>
BatchLoss ApplyLoss(const RunSpec& run, const PackedBatch<T>& z,
                    ScaledDouble factor, const Matrix<double>& targets,
                    ScaledMatrix<T>* delta_out) {
  const size_t outputs = run.outputs();
  delta_out->Resize(run.batch, outputs);
  std::vector<T> mantissas(outputs);
  std::vector<double> logits(outputs), delta(outputs);
  BatchLoss loss;
  loss.samples = run.batch;
  for (size_t i = 0; i < run.batch; ++i) {
    CopySample(z, i, mantissas.data());
    for (size_t j = 0; j < outputs; ++j) {
      logits[j] = mantissas[j] * factor.value;
    }
    // Normalizing gives logits that are all zero the exponent 0.
    int64_t scale = z.exponent[i] + factor.exponent;
    NormalizeRow(logits.data(), outputs, &scale);
    int64_t& exponent = delta_out->exponent[i];
    const LossRow row = run.loss->row(
        {logits.data(), scale, targets.row(i), outputs, run.batch},
        delta.data(), &exponent);
    loss.value = loss.value + row.value;
    loss.label_entropy = loss.label_entropy + ScaledDouble{row.label_entropy};
    loss.cross_entropy = loss.cross_entropy + ScaledDouble{row.cross_entropy};
    loss.kl_divergence = loss.kl_divergence + ScaledDouble{row.kl_divergence};
    if (run.HasLabels()) loss.correct += IsCorrect(logits, targets.row(i));
    NormalizeRow(delta.data(), outputs, &exponent);
    std::copy_n(delta.data(), outputs, delta_out->mantissa.row(i));
    NormalizeRow(delta_out->mantissa.row(i), outputs, &exponent);
  }
  return loss;
}

void MeanLoss::Add(const BatchLoss& loss, size_t batches) {
  const double b = static_cast<double>(batches);
  const double samples = static_cast<double>(loss.samples) * b;
  const auto add = [](ScaledDouble term, double divisor, ScaledDouble* sum) {
    term.value /= divisor;
    *sum = *sum + term;
  };
  add(loss.value, b, &value_);
  add(loss.label_entropy, samples, &label_entropy_);
  add(loss.cross_entropy, samples, &cross_entropy_);
  add(loss.kl_divergence, samples, &kl_divergence_);
}

void MeanLoss::Store(RunResult* result) const {
  result->loss_value = value_.ToDouble();
  result->label_entropy = label_entropy_.ToDouble();
  result->cross_entropy = cross_entropy_.ToDouble();
  result->kl_divergence = kl_divergence_.ToDouble();
}

template BatchLoss ApplyLoss(const RunSpec&, const PackedBatch<float>&,
                             ScaledDouble, const Matrix<double>&,
                             ScaledMatrix<float>*);
template BatchLoss ApplyLoss(const RunSpec&, const PackedBatch<double>&,
                             ScaledDouble, const Matrix<double>&,
                             ScaledMatrix<double>*);

}  // namespace initscope
