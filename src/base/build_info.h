// From what, and with what, this program was built.
#pragma once

namespace initscope {

struct BuildInfo {
  const char* version;     // of initscope
  const char* git_commit;  // "unknown" outside a checkout
  bool git_dirty;          // the work tree had changes when it was built
  const char* compiler;
  const char* flags;       // compiler flags, with sanitizers
  const char* libraries;   // "Boost 1.74.0, Eigen 3.4.0, …"
  const char* source_dir;  // last place to look for data/
};

const BuildInfo& GetBuildInfo();

}  // namespace initscope
