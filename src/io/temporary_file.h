// Temporary files that say whose they are, so that what a killed process left
// can be told from what a live one writes.
//
// A name is ".NAME.initscope-HOST-XXXXXX"; the owner holds flock() on the file.
#pragma once

#include <filesystem>
#include <string>

namespace initscope {

struct TemporaryFile {
  std::filesystem::path path;
  int descriptor = -1;  // open for reading and writing, locked
};

// Creates one for `name` in `folder`, with the permissions of an ordinary new
// file. Where the file system has no locks it has none. `descriptor` is −1 and
// errno says why where it cannot be created.
TemporaryFile CreateTemporaryFile(const std::filesystem::path& folder,
                                  const std::string& name);

// Removes the temporary files in `folder` that were created on this machine by
// processes that are gone. What cannot be locked or removed stays.
void RemoveAbandonedFiles(const std::filesystem::path& folder);

}  // namespace initscope
