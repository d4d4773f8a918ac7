#include "io/csv_lines.h"

#include <algorithm>
#include <cstring>

namespace initscope {
namespace {

constexpr size_t kReadAtOnce = size_t{1} << 18;
constexpr std::string_view kBlanks = " \t";

bool IsBlank(std::string_view line) {
  return line.find_first_not_of(kBlanks) == std::string_view::npos;
}

// Where `c` first stands in [begin, end) of the buffer; `end` if nowhere.
size_t Find(const std::vector<char>& buffer, size_t begin, size_t end, char c) {
  if (begin == end) return end;
  const void* at = std::memchr(buffer.data() + begin, c, end - begin);
  return at ? static_cast<size_t>(static_cast<const char*>(at) - buffer.data())
            : end;
}

}  // namespace

CsvLines::CsvLines(ByteSource* source) : source_(source), buffer_(kReadAtOnce) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  Fill();
  const std::string_view text(buffer_.data(), end_);
  if (text.starts_with(kByteOrderMark)) begin_ = kByteOrderMark.size();
  line_feed_ = Find(buffer_, begin_, end_, '\n');
}

UserError CsvLines::Error(const std::string& what) const {
  return UserError(
      ExitCode::kData,
      fmt::format("{}:{}: {}", QuotedPath(source_->path()), number_, what));
}

// Reads on behind what is there; false at the end.
bool CsvLines::Fill() {
  if (at_end_) return false;
  std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
  if (end_ == buffer_.size()) {
    CheckFits(3.0 * static_cast<double>(end_), source_->path());
    buffer_.resize(2 * end_);
  }
  const size_t room = buffer_.size() - end_;
  const size_t count =
      source_->Read(reinterpret_cast<uint8_t*>(buffer_.data() + end_), room);
  at_end_ = count < room;
  line_feed_ = Find(buffer_, end_, end_ + count, '\n');
  end_ += count;
  return count > 0;
}

bool CsvLines::NextOrEmpty(std::string_view* line) {
  ++number_;
  size_t searched = begin_;
  size_t at = begin_;
  while (true) {
    if (line_feed_ < begin_) line_feed_ = Find(buffer_, begin_, end_, '\n');
    at = Find(buffer_, searched, line_feed_, '\r');
    // Of a CR at the end of what is there it is not yet known what it is.
    const bool decided = at + 1 < end_ || (at < end_ && buffer_[at] == '\n');
    if (decided || at_end_) break;
    if (Find(buffer_, searched, at, '\0') < at) break;
    searched = at - begin_;
    if (!Fill()) {
      at = begin_ + searched;
      break;
    }
  }
  if (begin_ == end_) return false;
  *line = {buffer_.data() + begin_, at - begin_};
  if (line->find('\0') != std::string_view::npos)
    throw Error(
        "a zero byte, so this is not a text file in UTF-8; save it as one");
  size_t next = std::min(at + 1, end_);
  if (at < end_ && buffer_[at] == '\r' && next < end_ && buffer_[next] == '\n')
    ++next;
  bytes_ += next - begin_;
  begin_ = next;
  return true;
}

bool CsvLines::Next(std::string_view* line) {
  if (!NextOrEmpty(line)) return false;
  if (!line->empty()) {
    if (IsBlank(*line)) throw Error("an empty line; remove it");
    return true;
  }
  const size_t first_empty = number_;
  while (NextOrEmpty(line)) {
    if (line->empty()) continue;
    number_ = first_empty;
    throw Error("an empty line; remove it");
  }
  return false;
}

std::string TakeField(std::string_view* rest, CsvField* field, bool* more) {
  rest->remove_prefix(std::min(rest->find_first_not_of(kBlanks), rest->size()));
  field->text.clear();
  field->quoted = rest->starts_with('"');
  if (field->quoted) {
    rest->remove_prefix(1);
    while (true) {
      const size_t quote = rest->find('"');
      if (quote == std::string_view::npos) return "a quotation mark is missing";
      field->text += rest->substr(0, quote);
      rest->remove_prefix(quote + 1);
      if (!rest->starts_with('"')) break;
      field->text += '"';
      rest->remove_prefix(1);
    }
    rest->remove_prefix(
        std::min(rest->find_first_not_of(kBlanks), rest->size()));
    if (!rest->empty() && !rest->starts_with(','))
      return "a comma is missing after a quotation mark";
  } else {
    const std::string_view text = rest->substr(0, rest->find(','));
    field->text = text.substr(0, text.find_last_not_of(kBlanks) + 1);
    rest->remove_prefix(text.size());
  }
  *more = !rest->empty();
  if (*more) rest->remove_prefix(1);
  return "";
}

}  // namespace initscope
