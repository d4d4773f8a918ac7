// The scanner of experiment files (.ini).
//
//     # a comment: a '#' at a line's start or after white space
//     key = value
//     [section]
//
// A '#' inside "quotation marks" around a value or an item begins no comment.
#pragma once

#include <string>

#include "spec/sweep.h"

namespace initscope {

// Reads the settings as text, each with its "file:line". Throws UserError: kIo
// if the file cannot be read; kUsage for a line that is none of the above or
// not in UTF-8, and for a file of another kind (HDF5, NumPy, …), with a
// suggestion what to do with it.
ExperimentText ReadExperimentFile(const std::string& path);

// The same for a text in memory; `path` is for messages and the experiment's
// name.
ExperimentText ParseExperiment(const std::string& content,
                               const std::string& path);

}  // namespace initscope
