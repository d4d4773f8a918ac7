// Layers forward and backward, for every activation of Activations().
#pragma once

namespace initscope {

// To be called in main: the table is not there yet when BENCHMARK() registers.
void RegisterLayerBenchmarks();

}  // namespace initscope
