// What this binary was built from, and with what.
#pragma once

namespace initscope {

struct BuildInfo {
  const char* version;     // of the program
  const char* git_commit;  // "unknown" outside a checkout
  bool git_dirty;          // the work tree had changes when it was built
  const char* compiler;
  const char* flags;       // of the compiler, sanitizers included
  const char* libraries;   // "Boost 1.74.0, Eigen 3.4.0, …"
  const char* source_dir;  // where data/ is found when nothing nearer has it
};

const BuildInfo& GetBuildInfo();

}  // namespace initscope
