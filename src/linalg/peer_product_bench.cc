// The product of a layer by other libraries, for comparison only.
//
// OpenBLAS, BLIS and oneDNN are found when the build is configured and opened
// at run time, each with symbols of its own, because they export the same
// names. Each runs on one thread. Their environment variables make them choose
// other code (OPENBLAS_CORETYPE, BLIS_ARCH_TYPE).

#include <benchmark/benchmark.h>
#include <dlfcn.h>

#include <Eigen/Core>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

#include "base/matrix.h"
#include "linalg/product_bench.h"

// Paths; empty for what was not found.
#ifndef INITSCOPE_OPENBLAS
#define INITSCOPE_OPENBLAS ""
#endif
#ifndef INITSCOPE_BLIS
#define INITSCOPE_BLIS ""
#endif
#ifndef INITSCOPE_ONEDNN
#define INITSCOPE_ONEDNN ""
#endif
#ifndef INITSCOPE_EIGEN_NATIVE
#define INITSCOPE_EIGEN_NATIVE ""
#endif

namespace initscope {
namespace {

struct PeerProduct {
  // out = a b, all row-major.
  std::function<void(ConstMatrixView<float> a, ConstMatrixView<float> b,
                     MatrixView<float> out)>
      multiply;
  std::string code;   // which version, and what it chose for this machine
  std::string error;  // why there is no `multiply`; else empty
};

struct Peer {
  const char* name;
  bool found;  // when the build was configured
  PeerProduct (*open)();
  bool slow;  // small shapes only
};

// A shared library that stays open, since threads of its own may run.
class Library {
 public:
  explicit Library(const char* path) {
    // Read when the library, or its OpenMP, is first opened.
    for (const char* name :
         {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "BLIS_NUM_THREADS"}) {
      setenv(name, "1", /*overwrite=*/1);
    }
    handle_ = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (handle_ == nullptr) throw std::runtime_error(dlerror());
  }

  template <typename Function>
  Function* Find(const char* name) const {
    void* const symbol = dlsym(handle_, name);
    if (symbol == nullptr) throw std::runtime_error(dlerror());
    return reinterpret_cast<Function*>(symbol);
  }

 private:
  void* handle_;
};

// cblas.h's; its enumerations and (32-bit) sizes are ints.
using CblasSgemm = void(int order, int transpose_a, int transpose_b, int m,
                        int n, int k, float alpha, const float* a, int lda,
                        const float* b, int ldb, float beta, float* c, int ldc);

PeerProduct WithCblas(const Library& library, std::string code) {
  const auto sgemm = library.Find<CblasSgemm>("cblas_sgemm");
  const auto multiply = [sgemm](ConstMatrixView<float> a,
                                ConstMatrixView<float> b,
                                MatrixView<float> out) {
    constexpr int kRowMajor = 101, kNoTranspose = 111;
    const int m = static_cast<int>(a.rows()), k = static_cast<int>(a.cols());
    const int n = static_cast<int>(b.cols());
    sgemm(kRowMajor, kNoTranspose, kNoTranspose, m, n, k, 1, a.data(), k,
          b.data(), n, 0, out.data(), n);
  };
  return {multiply, std::move(code), ""};
}

PeerProduct OpenBlas() {
  const Library library(INITSCOPE_OPENBLAS);
  // "OpenBLAS 0.3.21 DYNAMIC_ARCH …"
  const std::string config =
      library.Find<const char*()>("openblas_get_config")();
  const size_t end = config.find(' ', config.find(' ') + 1);
  return WithCblas(library,
                   config.substr(0, end) + ", " +
                       library.Find<const char*()>("openblas_get_corename")());
}

PeerProduct Blis() {
  const Library library(INITSCOPE_BLIS);
  library.Find<void()>("bli_init")();
  const int id = library.Find<int()>("bli_arch_query_id")();
  return WithCblas(
      library, std::string("BLIS ") +
                   library.Find<const char*()>("bli_info_get_version_str")() +
                   ", " +
                   library.Find<const char*(int)>("bli_arch_string")(id));
}

// The names of dnnl_cpu_isa_t.
std::string OneDnnCode(int isa) {
  static const std::map<int, std::string> names = {
      {0x1, "SSE4.1"},
      {0x3, "AVX"},
      {0x7, "AVX2"},
      {0x407, "AVX2 with VNNI"},
      {0x27, "AVX-512 core"},
      {0x67, "AVX-512 core with VNNI"},
      {0xe7, "AVX-512 core with BF16"},
      {0x3e7, "AVX-512 core with AMX"}};
  const auto name = names.find(isa);
  return name != names.end() ? name->second
                             : "instruction set " + std::to_string(isa);
}

PeerProduct OneDnn() {
  struct Version {
    int major, minor, patch;  // and more
  };
  using Sgemm = int(char transpose_a, char transpose_b, int64_t m, int64_t n,
                    int64_t k, float alpha, const float* a, int64_t lda,
                    const float* b, int64_t ldb, float beta, float* c,
                    int64_t ldc);  // row-major; 0 if all is well
  const Library library(INITSCOPE_ONEDNN);
  const auto sgemm = library.Find<Sgemm>("dnnl_sgemm");
  const Version& version = *library.Find<const Version*()>("dnnl_version")();
  const int isa = library.Find<int()>("dnnl_get_effective_cpu_isa")();
  const auto multiply = [sgemm](ConstMatrixView<float> a,
                                ConstMatrixView<float> b,
                                MatrixView<float> out) {
    const auto m = static_cast<int64_t>(a.rows());
    const auto k = static_cast<int64_t>(a.cols());
    const auto n = static_cast<int64_t>(b.cols());
    const int status =
        sgemm('N', 'N', m, n, k, 1, a.data(), k, b.data(), n, 0, out.data(), n);
    INITSCOPE_CHECK(status == 0);
  };
  return {multiply,
          "oneDNN " + std::to_string(version.major) + "." +
              std::to_string(version.minor) + "." +
              std::to_string(version.patch) + ", " + OneDnnCode(isa),
          ""};
}

PeerProduct EigenNative() {
  using Multiply = void(const float* a, const float* b, float* out, size_t m,
                        size_t k, size_t n);
  const Library library(INITSCOPE_EIGEN_NATIVE);
  const auto multiply = library.Find<Multiply>("EigenNativeMultiply");
  return {[multiply](ConstMatrixView<float> a, ConstMatrixView<float> b,
                     MatrixView<float> out) {
            multiply(a.data(), b.data(), out.data(), a.rows(), a.cols(),
                     b.cols());
          },
          library.Find<const char*()>("EigenNativeCode")(), ""};
}

PeerProduct PlainEigen() {
  using Rows =
      Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const auto map = [](auto view) {
    using Entry = std::remove_pointer_t<decltype(view.data())>;
    using Mapped = std::conditional_t<std::is_const_v<Entry>, const Rows, Rows>;
    return Eigen::Map<Mapped>(view.data(),
                              static_cast<Eigen::Index>(view.rows()),
                              static_cast<Eigen::Index>(view.cols()));
  };
  return {
      [map](ConstMatrixView<float> a, ConstMatrixView<float> b,
            MatrixView<float> out) { map(out).noalias() = map(a) * map(b); },
      Eigen::SimdInstructionSetsInUse(), ""};
}

// As one would write it without a thought.
PeerProduct Naive() {
  return {[](ConstMatrixView<float> a, ConstMatrixView<float> b,
             MatrixView<float> out) {
            for (size_t i = 0; i < a.rows(); ++i) {
              for (size_t j = 0; j < b.cols(); ++j) {
                float sum = 0;
                for (size_t k = 0; k < a.cols(); ++k) sum += a(i, k) * b(k, j);
                out(i, j) = sum;
              }
            }
          },
          "three loops", ""};
}

template <PeerProduct (*open)()>
PeerProduct OpenOrError() {
  try {
    return open();
  } catch (const std::runtime_error& error) {
    return {nullptr, "", error.what()};
  }
}

constexpr bool Found(const char* path) { return *path != '\0'; }

constexpr Peer kPeers[] = {
    {"naive", true, Naive, true},
    {"eigen", true, PlainEigen, false},
    {"eigen_native", Found(INITSCOPE_EIGEN_NATIVE), OpenOrError<EigenNative>,
     false},
    {"openblas", Found(INITSCOPE_OPENBLAS), OpenOrError<OpenBlas>, false},
    {"blis", Found(INITSCOPE_BLIS), OpenOrError<Blis>, false},
    {"onednn", Found(INITSCOPE_ONEDNN), OpenOrError<OneDnn>, false},
};

void BM_PeerProduct(benchmark::State& state, const Peer& peer) {
  const PeerProduct product = peer.open();
  if (!product.error.empty()) {
    state.SkipWithError(product.error.c_str());
    return;
  }
  ProductOperands p(state);
  // The first call may compile code and allocate.
  product.multiply(p.a.view(), p.b.view(), p.out.view());
  for (auto _ : state) {
    product.multiply(p.a.view(), p.b.view(), p.out.view());
    benchmark::ClobberMemory();
  }
  FinishProduct(state, p);
  state.SetLabel(product.code);
}

const bool peers_registered = [] {
  for (const Peer& peer : kPeers) {
    if (!peer.found) continue;
    const std::string name = std::string("Product/") + peer.name;
    auto* benchmark = benchmark::RegisterBenchmark(
        name.c_str(),
        [&peer](benchmark::State& state) { BM_PeerProduct(state, peer); });
    benchmark->Apply(peer.slow ? SmallProductShapes : ProductShapes);
  }
  return true;
}();

}  // namespace
}  // namespace initscope
