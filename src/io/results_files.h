// Several results files that are read together, more than can be open at once.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "io/results_reader.h"
#include "sweep/store_pace.h"

namespace initscope {

class ResultsFiles {
 public:
  // The first `most_open` files stay open once they are; the others are opened
  // one at a time.
  explicit ResultsFiles(std::vector<std::string> paths,
                        size_t most_open = kMostOpenParts)
      : paths_(std::move(paths)),
        open_(std::min(most_open, paths_.size())),
        is_checked_(paths_.size()) {}

  size_t size() const { return paths_.size(); }

  // The file's reader, until one of the others is asked for. Throws as
  // ResultsReader does.
  const ResultsReader& operator[](size_t i) const {
    std::unique_ptr<ResultsReader>& reader =
        i < open_.size() ? open_[i] : last_;
    if (reader && (i < open_.size() || i == last_index_)) return *reader;
    reader.reset();
    reader = std::make_unique<ResultsReader>(
        paths_[i], is_checked_[i] ? ResultsReader::Contents::kKnown
                                  : ResultsReader::Contents::kChecked);
    is_checked_[i] = true;
    if (i >= open_.size()) last_index_ = i;
    return *reader;
  }

 private:
  std::vector<std::string> paths_;
  mutable std::vector<std::unique_ptr<ResultsReader>> open_;
  mutable std::unique_ptr<ResultsReader> last_;  // of those beyond
  mutable size_t last_index_ = 0;
  mutable std::vector<bool> is_checked_;
};

}  // namespace initscope
