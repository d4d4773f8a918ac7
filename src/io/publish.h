// Writes a finished computation to its file or, if that place fails, to another
// one: a night's work is not lost to a full disk.
#pragma once

#include <functional>

#include "io/hdf5_writer.h"
#include "io/output_file.h"

namespace initscope {

// Calls `write` with a writer of `output`'s temporary file, closes that and
// commits it. Throws OutputError if any of this fails because of the place.
void WriteAndCommit(const std::function<void(Hdf5Writer*)>& write,
                    OutputKind kind, OutputFile* output);

// The kind of results that take about so many bytes.
inline OutputKind ResultsOf(double bytes) {
  constexpr double kSmall = 2e6;
  return bytes <= kSmall ? OutputKind::kSmallResults : OutputKind::kResults;
}

// Writes results, but if that fails, `write` is called once more with a new
// file: beside `output`, else in the working folder, else in the system's
// folder for temporary files. Then the OutputError is thrown; its message says
// where the results are. If `write` throws anything else, no file is left.
void Publish(OutputFile* output, const std::function<void(Hdf5Writer*)>& write,
             OutputKind kind = OutputKind::kResults);

}  // namespace initscope
