// The largest number of floating-point operations per second of one core, to
// which the speed of a kernel is compared.
//
// It is measured with independent multiply-adds on registers, on the
// instruction set of the kernels (KernelTarget()), for about 25 ms. Clocks and
// neighbours change, so that a peak holds for the measurements beside it, not
// for a machine.
#pragma once

namespace initscope {

// The peak in FLOP/s, where a multiply-add counts as two: the best of several
// stretches of the calling thread's CPU time. T is float or double.
template <typename T>
double MeasureFmaPeak();

}  // namespace initscope
