// The oracle's matrices as Eigen's, without a copy, and back.
#pragma once

#include <Eigen/Core>
#include <algorithm>

#include "engine/oracle_test.h"

namespace initscope {

using Dense =
    Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Map = Eigen::Map<const Dense>;

inline Map AsEigen(const RealMatrix& a) {
  return {a.data(), static_cast<Eigen::Index>(a.rows()),
          static_cast<Eigen::Index>(a.cols())};
}

inline RealMatrix FromEigen(const Dense& a) {
  RealMatrix out(static_cast<size_t>(a.rows()), static_cast<size_t>(a.cols()));
  std::copy(a.data(), a.data() + a.size(), out.data());
  return out;
}

}  // namespace initscope
