#include "engine/batch_source.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "random/variates.h"

namespace initscope {
namespace {

void DrawGaussian(const RunSpec& run, uint32_t row, MatrixView<double> out) {
  const double c = run.input_correlation;
  FillVariates(VariateLaw::kNormal, {run.data_seed, Stream::kInputs, 0}, row, 0,
               out);
  const double own = std::sqrt(run.input_variance * (1 - c));
  for (size_t j = 0; j < out.size(); ++j) out.data()[j] *= own;
  if (c == 0) return;
  // All samples share the variates of layer 1, row 0.
  Matrix<double> shared(1, out.cols());
  FillVariates(VariateLaw::kNormal, {run.data_seed, Stream::kInputs, 1}, 0, 0,
               shared.view());
  const double weight = std::sqrt(run.input_variance * c);
  for (size_t j = 0; j < out.cols(); ++j) {
    out(0, j) += weight * shared(0, j);
  }
}

void DrawOnSphere(const RunSpec& run, uint32_t row, MatrixView<double> out) {
  FillVariates(VariateLaw::kNormal, {run.data_seed, Stream::kInputs, 0}, row, 0,
               out);
  const double squares =
      std::inner_product(out.data(), out.data() + out.size(), out.data(), 0.0);
  const double radius =
      std::sqrt(static_cast<double>(out.cols()) * run.input_variance);
  for (size_t j = 0; j < out.cols(); ++j) {
    out(0, j) *= radius / std::sqrt(squares);
  }
}

// Sample `at` of all batches.
void DrawSample(const RunSpec& run, size_t at, std::vector<double>* row) {
  const MatrixView<double> view(row->data(), 1, row->size());
  switch (run.input_kind) {
    case InputKind::kGaussian:
      DrawGaussian(run, static_cast<uint32_t>(at), view);
      break;
    case InputKind::kSphere:
      DrawOnSphere(run, static_cast<uint32_t>(at), view);
      break;
    case InputKind::kData:
      run.samples->CopySample((*run.order)[at], row->data());
      break;
  }
}

}  // namespace

template <typename T>
void FillInputs(const RunSpec& run, size_t index, Jobs jobs,
                ScaledMatrix<T>* x) {
  const size_t n = run.inputs();
  x->Resize(run.batch, n);
  // As many rows as have about this many entries.
  constexpr size_t kEntries = 16384;
  const size_t rows = std::max<size_t>(1, kEntries / n);
  ParallelFor((run.batch + rows - 1) / rows, jobs, [&](size_t part) {
    std::vector<double> row(n);
    const size_t end = std::min(run.batch, (part + 1) * rows);
    for (size_t i = part * rows; i < end; ++i) {
      DrawSample(run, index * run.batch + i, &row);
      // Normalized in double, because an entry may not fit T unscaled.
      NormalizeRow(row.data(), n, &x->exponent[i]);
      std::ranges::transform(row, x->mantissa.row(i),
                             [](double v) { return static_cast<T>(v); });
      NormalizeRow(x->mantissa.row(i), n, &x->exponent[i]);
    }
  });
}

template void FillInputs(const RunSpec&, size_t, Jobs, ScaledMatrix<float>*);
template void FillInputs(const RunSpec&, size_t, Jobs, ScaledMatrix<double>*);

Matrix<double> MakeTargets(const RunSpec& run, size_t index, StopFlag stop) {
  const size_t outputs = run.outputs();
  Matrix<double> targets(run.batch, outputs);
  const bool labelled = run.HasLabels();
  for (size_t i = 0; i < run.batch; ++i) {
    stop.Check();
    const size_t at = index * run.batch + i;
    double* row = targets.row(i);
    if (labelled) {
      const size_t label = run.samples->Label((*run.order)[at]);
      std::fill_n(row, outputs, 0.0);
      if (run.loss->bernoulli && outputs == 1) {
        row[0] = static_cast<double>(label);
      } else {
        row[label] = 1;
      }
    } else {
      run.loss->draw(run.data_seed, static_cast<uint32_t>(at), outputs, row);
    }
    const double smoothing = run.label_smoothing;
    const bool distribution = labelled || run.loss->smooths_drawn_targets;
    if (smoothing > 0 && distribution) {
      const double uniform =
          run.loss->bernoulli ? 0.5 : 1 / static_cast<double>(outputs);
      for (size_t j = 0; j < outputs; ++j) {
        row[j] = (1 - smoothing) * row[j] + smoothing * uniform;
      }
    }
  }
  return targets;
}

}  // namespace initscope
