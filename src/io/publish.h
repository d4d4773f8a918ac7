// Writing of a finished computation to its file, or, if that place fails,
// to another one: a night's work is not lost to a full disk.
#pragma once

#include <functional>

#include "io/hdf5_writer.h"
#include "io/output_file.h"

namespace initscope {

// Lets `write` write to `output`'s temporary file, closes it, compares it with
// what was to be written, and commits it. If any of that fails by the place's
// fault (OutputError), `write` writes once more to a new file: beside `output`,
// else in the working folder, else in the system's folder of temporary files.
// Then throws the OutputError, whose message says where the results are. Of
// what else `write` throws nothing is left.
void Publish(OutputFile* output, const std::function<void(Hdf5Writer*)>& write);

}  // namespace initscope
