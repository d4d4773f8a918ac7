// Joins the tables of results files: the parts of one sweep, or several sweeps.
#pragma once

#include <cstddef>
#include <vector>

#include "io/hdf5_writer.h"
#include "io/results_files.h"

namespace initscope {

// A run of one of several results files.
struct SourceRun {
  size_t source;  // index into the files
  size_t run;     // its row of /runs, or of /attention
};

// Whether the sources are parts of one sweep, which have the columns that the
// whole has, or sweeps of their own.
enum class Joined { kParts, kSweeps };

// Writes every table of `sources`, with the runs of `runs` in their order, and
// the rows of the other tables with their runs. Some columns are held in memory
// at a time. A column that a source lacks is NaN, 0 or "" there. Throws
// UserError (kData) if the tables of a source do not go together, or if the
// sources are of different kinds.
void MergeTables(const ResultsFiles& sources,
                 const std::vector<SourceRun>& runs, Joined joined,
                 Hdf5Writer* writer);

}  // namespace initscope
