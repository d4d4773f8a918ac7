#include "io/csv_lines.h"

#include <algorithm>
#include <cstring>

namespace initscope {
namespace {

constexpr size_t kReadAtOnce = size_t{1} << 16;

bool IsBlank(char c) { return c == ' ' || c == '\t'; }

void SkipBlanks(std::string_view* text) {
  while (!text->empty() && IsBlank(text->front())) text->remove_prefix(1);
}

// One comparison for nearly every character.
bool EndsLine(char c) {
  return static_cast<unsigned char>(c) <= '\r' &&
         (c == '\n' || c == '\r' || c == '\0');
}

}  // namespace

CsvLines::CsvLines(ByteSource* source) : source_(source), buffer_(kReadAtOnce) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  Fill();
  const std::string_view text(buffer_.data(), end_);
  if (text.starts_with(kByteOrderMark)) begin_ = kByteOrderMark.size();
}

UserError CsvLines::Error(const std::string& what) const {
  return LineError(source_->path(), number_, what);
}

// Moves the rest of the buffer to its front and reads on behind it.
void CsvLines::Fill() {
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
  end_ += count;
}

bool CsvLines::NextOrEmpty(std::string_view* line) {
  ++number_;
  size_t size = 0;
  while (true) {
    while (begin_ + size < end_ && !EndsLine(buffer_[begin_ + size])) ++size;
    // A CR may be the first half of a CRLF: one more character must be there.
    if (begin_ + size + 1 < end_ || at_end_) break;
    Fill();
  }
  if (begin_ == end_) return false;
  *line = {buffer_.data() + begin_, size};
  const std::string_view rest(line->data() + size, end_ - begin_ - size);
  if (rest.starts_with('\0'))
    throw Error(
        "a zero byte, so this is not a text file in UTF-8; save it as one");
  size += rest.starts_with("\r\n") ? 2 : std::min<size_t>(rest.size(), 1);
  bytes_ += size;
  begin_ += size;
  return true;
}

bool CsvLines::Next(std::string_view* line) {
  if (!NextOrEmpty(line)) return false;
  if (!line->empty()) {
    if (std::ranges::all_of(*line, IsBlank))
      throw Error("an empty line; remove it");
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

UserError LineError(const std::string& path, size_t line,
                    const std::string& what) {
  return UserError(ExitCode::kData, "{}:{}: {}", QuotedPath(path), line, what);
}

std::string TakeField(std::string_view* rest, CsvField* field, bool* more) {
  SkipBlanks(rest);
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
    SkipBlanks(rest);
    if (!rest->empty() && !rest->starts_with(','))
      return "a comma is missing after a quotation mark";
  } else {
    std::string_view text = rest->substr(0, rest->find(','));
    rest->remove_prefix(text.size());
    while (!text.empty() && IsBlank(text.back())) text.remove_suffix(1);
    field->text = text;
  }
  *more = !rest->empty();
  if (*more) rest->remove_prefix(1);
  return "";
}

}  // namespace initscope
