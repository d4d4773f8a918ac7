// The commands. Each returns its exit code or throws UserError.
#pragma once

#include <span>

#include "cli/options.h"

namespace initscope {

std::span<const CommandInfo> Commands();

int RunCommand(const Options& options);
int TrainCommand(const Options& options);
int PlanCommand(const Options& options);
int TraceCommand(const Options& options);
int GradcheckCommand(const Options& options);
int TheoryCommand(const Options& options);
int ListCommand(const Options& options);
int InfoCommand(const Options& options);
int VerifyCommand(const Options& options);
int MergeCommand(const Options& options);
int StatusCommand(const Options& options);
int AttentionCommand(const Options& options);

}  // namespace initscope
