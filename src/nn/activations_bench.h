// One benchmark per row of Activations() and type.
#pragma once

namespace initscope {

// To be called in main: the table is not there yet when BENCHMARK() registers.
void RegisterActivationBenchmarks();

}  // namespace initscope
