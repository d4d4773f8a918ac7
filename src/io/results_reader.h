// Reads results files: format "initscope-results".
//
// Nothing in a file is believed before it is checked: the digest of the whole
// (io/contents_digest.h; older files lack it), and for each column its type,
// its extent against what is stored, its digest, and its length against the
// other columns of its group. HDF5 itself may still crash on a damaged file:
// see io/guarded_read.h.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "io/hdf5_writer.h"
#include "io/stored_values.h"

namespace initscope {

// Every failure is a UserError that names the file: kIo if it cannot be
// opened, kData if it is not a results file, has a newer version, or is
// damaged.
class ResultsReader {
 public:
  // Whether the digest of the whole is compared, or was before.
  enum class Contents { kChecked, kKnown };

  explicit ResultsReader(const std::string& path,
                         Contents contents = Contents::kChecked);

  // An attribute of `object`; "" or 0 if it does not exist.
  std::string Text(const std::string& object, const char* name) const;
  int64_t Number(const std::string& object, const char* name) const;

  bool Has(const std::string& path) const;
  // Whether its runs are of attention.
  bool IsAttention() const { return Has("/attention"); }
  // The group with a row for each run.
  std::string RunsGroup() const {
    return IsAttention() ? "/attention" : "/runs";
  }
  // The names of what is in `group`, in the order in which it was written.
  std::vector<std::string> Members(const std::string& group) const;
  // Whether a column is of strings.
  bool IsText(const std::string& path) const;
  // A column as it is stored.
  ColumnValues Column(const std::string& path) const;
  // A column of numbers.
  std::vector<double> Numbers(const std::string& path) const;
  // A column of whole numbers, none of which is negative.
  std::vector<uint64_t> Wholes(const std::string& path) const;
  // The names behind the codes of a column, in their order; none if it has no
  // codes.
  std::vector<std::string> Categories(const std::string& path) const;
  // A column of strings, or the names behind a column of codes.
  std::vector<std::string> Names(const std::string& path) const;
  // Throws unless the values of a dataset are those of its digest, and those of
  // a column as many as of the others.
  void CheckValues(const std::string& path) const;
  // Throws if the file says of its own bytes that they have changed.
  void CheckBytes() const;
  // Throws unless the columns of a group that name a dimension scale have it,
  // and it them.
  void CheckScales(const std::string& group) const;
  // The number of rows of the group whose dimension scale is `scale`.
  size_t Length(const std::string& scale) const;

  // Throws the UserError of a damaged file.
  template <typename... Args>
  [[noreturn]] void Fail(fmt::format_string<Args...> what,
                         Args&&... args) const {
    throw FileError(file_, what, std::forward<Args>(args)...);
  }

 private:
  void CheckContents() const;

  Hdf5Silence silence_;
  const std::string path_;
  Hdf5Handle file_;
  // By group: the length of its columns, and the first one that was read.
  mutable std::map<std::string, std::pair<size_t, std::string>> lengths_;
};

}  // namespace initscope
