// The engines: what draws and multiplies the weights of a run.
//
// To add one: a LayerWeights<T> (nn/layer_weights.h), a name in kEngineNames
// (spec/run_spec.h), and a row of the table in engines.cc.
#pragma once

#include <memory>
#include <string>

#include "nn/layer_weights.h"
#include "spec/run_spec.h"

namespace initscope {

struct Engine {
  // Why it cannot compute `run`, as text after "engine = NAME "; empty if it
  // can.
  std::string (*refusal)(const RunSpec& run);
  // Flop of one batch's products with all layers, in one direction.
  double (*flops)(const RunSpec& run);
  // Bytes for the weights of a bundle with `jobs` workers inside.
  double (*bytes)(const RunSpec& run, double jobs);
  // The unit draw U of layer `l`.
  std::shared_ptr<LayerWeights<float>> (*make_float)(const RunSpec& run,
                                                     size_t l);
  std::shared_ptr<LayerWeights<double>> (*make_double)(const RunSpec& run,
                                                       size_t l);
};

// The run's engine. Throws UserError if it refuses the run.
const Engine& EngineOf(const RunSpec& run);

// U of every layer. REQUIRES: T is the run's precision.
template <typename T>
NetworkWeights<T> MakeWeights(const RunSpec& run);

// Whether `packed` keeps U of every layer between the passes, or draws it anew
// for each. Depends only on the initializer's law, the shape and the precision.
bool KeepsWeights(const RunSpec& run);

}  // namespace initscope
