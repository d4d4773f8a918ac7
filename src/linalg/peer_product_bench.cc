// The product of a layer by other libraries.

#include <benchmark/benchmark.h>

#include <string>

#include "linalg/peers_bench.h"
#include "linalg/product_bench.h"

namespace initscope {
namespace {

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

const bool registered = [] {
  for (const Peer& peer : Peers()) {
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
