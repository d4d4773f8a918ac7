#include "sweep/rates.h"

#include <sys/mman.h>
#include <time.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>

#include "engine/engine.h"
#include "linalg/matrix_product.h"
#include "nn/unit_weights.h"
#include "random/orthogonal.h"
#include "theory/theory_tables.h"

namespace initscope {
namespace {

double ThreadSeconds() {
  timespec now = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) +
         1e-9 * static_cast<double>(now.tv_nsec);
}

// The least CPU time that `work` takes when repeated for 30 ms.
double LeastSeconds(const std::function<void()>& work) {
  constexpr double kBudget = 0.03;
  const double begin = ThreadSeconds();
  double least = HUGE_VAL, now = begin;
  do {
    work();
    const double end = ThreadSeconds();
    least = std::min(least, end - now);
    now = end;
  } while (now - begin < kBudget);
  return std::max(least, 1e-9);
}

const RunSpec& Largest(const std::vector<RunSpec>& runs) {
  return *std::ranges::max_element(runs, {}, RunFlops);
}

size_t Widest(const RunSpec& run, size_t most) {
  return std::min(most, run.widest());
}

// Seconds per flop of a product of the run's shape.
template <typename T>
double ProductSeconds(const RunSpec& run) {
  const size_t m = std::min<size_t>(run.batch, 256);
  const size_t n = Widest(run, 1024);
  PackedBatch<T> x, z;
  x.Resize(m, n);
  z.Resize(m, n);
  for (size_t p = 0; p < x.panels(); ++p) {
    std::fill(x.panel(p), x.unit(p, n), T{0.5});
  }
  const ProductJob<T> product = {&x, &z};
  UnitWeights<T> weights(UnitLaw::kUniform, 0, 0, n, n, true);
  weights.Forward({&product, 1}, 1);  // draws them
  return LeastSeconds([&] {
           weights.Forward({&product, 1}, 1);
         }) /
         (2.0 * static_cast<double>(m * n * n));
}

// Seconds per weight drawn in float64; for orthogonal weights, per normal one.
double DoubleDrawSeconds(const RunSpec& run) {
  const bool is_normal = run.init->law == UnitLaw::kOrthogonal;
  Matrix<double> u(64, 64);
  uint64_t seed = 0;  // others each time: the processor learns what it repeats
  return LeastSeconds([&] {
           DrawUnit(is_normal ? UnitLaw::kNormal : run.init->law,
                    {seed++, Stream::kWeights, 0}, nullptr, u.view());
         }) /
         static_cast<double>(u.size());
}

double JacobianSeconds(const RunSpec& run) {
  const size_t n = Widest(run, 256);
  Matrix<double> a(n, n);
  std::fill_n(a.data(), a.size(), 0.5);
  return LeastSeconds([&] { Product(a.view(), a.view()); }) /
         (2.0 * static_cast<double>(n * n * n));
}

double DecompositionSeconds(const RunSpec& run) {
  const size_t n = Widest(run, 256);
  Matrix<double> a(n, n);
  return LeastSeconds([&] {
           FillOrthogonal({0, Stream::kWeights, 0}, a.view());
         }) /
         (8.0 / 3 * static_cast<double>(n * n * n));
}

// Seconds per byte of memory that is used for the first time: the system clears
// it, and a virtual machine spends more on that than on what follows.
double MemorySeconds(const RunSpec&) {
  constexpr size_t kBytes = size_t{4} << 20, kPage = 4096;
  return LeastSeconds([&] {
           void* const fresh = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE,
                                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
           if (fresh == MAP_FAILED) return;
           for (size_t i = 0; i < kBytes; i += kPage) {
             static_cast<volatile char*>(fresh)[i] = 1;
           }
           munmap(fresh, kBytes);
         }) /
         static_cast<double>(kBytes);
}

// Seconds per unit interval of log q, averaged over activations.
double TableSeconds(const std::vector<RunSpec>& runs) {
  constexpr size_t kMost = 4;
  std::set<const Activation*> activations;
  for (const RunSpec& run : runs) {
    if (!run.activation->homogeneous && activations.size() < kMost) {
      activations.insert(run.activation);
    }
  }
  if (activations.empty()) return 0;
  const double begin = ThreadSeconds();
  for (const Activation* activation : activations) {
    const TheoryTables tables;
    HermiteCoefficients coefficients;
    tables.Means(*activation).At(-0.5);
    tables.Hermite(*activation).At(-0.5, &coefficients);
  }
  return (ThreadSeconds() - begin) / static_cast<double>(activations.size());
}

// The time of a small run here, relative to the machine of the fit.
double Slowness() {
  RunSpec run;
  run.SetLayers(Activations()[1], std::vector<size_t>(9, 32));
  run.init = &Initializers()[0];
  run.loss = &Losses()[0];
  run.batch = 64;
  RunResult result;
  return LeastSeconds([&] {
           result = {};
           SimulateBundle({&run}, {}, {&result});
         }) /
         kReferenceSeconds;
}

}  // namespace

Rates::Rates(const std::vector<RunSpec>& runs, const Work& work) {
  const double slowness = Slowness();
  for (size_t i = 0; i < kPartCount; ++i) {
    seconds_[i] = slowness * kParts[i].seconds;
  }
  const RunSpec& run = Largest(runs);
  const auto measure = [&](Part part, auto seconds) {
    const auto i = static_cast<size_t>(part);
    if (work[part] > 0) seconds_[i] = kParts[i].measured * seconds(run);
  };
  measure(Part::kProducts, ProductSeconds<float>);
  measure(Part::kDoubleProducts, ProductSeconds<double>);
  measure(Part::kDoubleDraws, DoubleDrawSeconds);
  measure(Part::kJacobians, JacobianSeconds);
  measure(Part::kDecompositions, DecompositionSeconds);
  measure(Part::kMemory, MemorySeconds);
  measure(Part::kTheoryTables,
          [&](const RunSpec&) { return TableSeconds(runs); });
  const auto products = static_cast<size_t>(run.precision == Precision::kFloat32
                                                ? Part::kProducts
                                                : Part::kDoubleProducts);
  if (work[static_cast<Part>(products)] > 0) {
    product_rate_ = kParts[products].measured / seconds_[products];
  }
}

double Rates::Seconds(const Work& work) const {
  double seconds = 0;
  for (size_t i = 0; i < kPartCount; ++i) {
    seconds += Seconds(work, static_cast<Part>(i));
  }
  return seconds;
}

ExpectedTime Rates::Expect(const SweepWork& work, size_t jobs) const {
  const double total = Seconds(work.total);
  const double serial = Seconds(work.serial);
  const double longest = Seconds(work.longest);
  // Where each bundle has one job, more jobs than bundles do not help.
  size_t workers = std::min(jobs, AvailableCores());
  if (longest > 0) workers = std::min(workers, work.bundles);
  return {total,
          serial + std::max((total - serial) / static_cast<double>(workers),
                            longest)};
}

}  // namespace initscope
