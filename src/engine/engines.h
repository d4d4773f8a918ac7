// The engines: what draws and multiplies the weights of a run.
//
// To add one: a name in kEngineNames (spec/run_spec.h), a row of the table in
// engines.cc, and a LayerWeights<T> (nn/layer_weights.h) that it makes.
#pragma once

#include <memory>
#include <string>

#include "nn/layer_weights.h"
#include "spec/run_spec.h"

namespace initscope {

struct Engine {
  // Why it cannot compute `run`, to follow "engine = NAME "; empty if it can.
  std::string (*refusal)(const RunSpec& run);
  // Flop of the products of all layers with one batch, in one direction.
  double (*flops)(const RunSpec& run);
  // Bytes that the weights of a bundle take, with `jobs` workers inside.
  double (*bytes)(const RunSpec& run, double jobs);
  // The unit draw U of layer `l`.
  std::shared_ptr<LayerWeights<float>> (*make_float)(const RunSpec& run,
                                                     size_t l);
  std::shared_ptr<LayerWeights<double>> (*make_double)(const RunSpec& run,
                                                       size_t l);
};

// The run's own. Throws UserError if it refuses the run.
const Engine& EngineOf(const RunSpec& run);

// U of every layer. REQUIRES: T is the run's precision.
template <typename T>
NetworkWeights<T> MakeWeights(const RunSpec& run);

// Whether `packed` keeps U of every layer between the passes; else each pass
// draws it anew. A function of the shape alone.
bool KeepsWeights(const RunSpec& run);

}  // namespace initscope
