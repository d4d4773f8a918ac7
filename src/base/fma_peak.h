// The most floating-point operations per second that one core does: what the
// speed of a kernel is a percentage of.
//
// It runs independent multiply-adds on registers alone, on the instruction set
// that kernels run on (KernelTarget()), for about 25 ms. Clocks and neighbours
// change, so a peak holds for the measurements beside it, not for a machine.
#pragma once

namespace initscope {

// In FLOP/s, a multiply-add being two, on the calling thread; the best of
// several stretches of its CPU time. T is float or double.
template <typename T>
double MeasureFmaPeak();

}  // namespace initscope
