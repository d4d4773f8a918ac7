#include "spec/sweep.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/number_text.h"
#include "base/quoted_text.h"

namespace initscope {
namespace {

constexpr double kMostRuns = 1e6;

template <typename... Arguments>
[[noreturn]] void Fail(const std::string& where,
                       fmt::format_string<Arguments...> text,
                       Arguments&&... arguments) {
  throw UserError(ExitCode::kUsage, "{}: {}", where,
                  fmt::vformat(text, fmt::make_format_args(arguments...)));
}

// For an item that begins with a quotation mark at `begin`: the position after
// the closing mark ("" within stands for "). 0 if it is not quoted.
size_t QuoteEnd(std::string_view text, size_t begin) {
  if (begin >= text.size() || text[begin] != '"') return 0;
  for (size_t i = begin + 1; i < text.size(); ++i) {
    if (text[i] != '"') continue;
    if (i + 1 == text.size() || text[i + 1] != '"') return i + 1;
    ++i;
  }
  return 0;
}

size_t SkipBlanks(std::string_view text, size_t i) {
  return std::min(text.find_first_not_of(" \t", i), text.size());
}

// Splits at commas that are not inside parentheses or quotation marks.
std::vector<std::string_view> SplitList(std::string_view text,
                                        const std::string& where) {
  std::vector<std::string_view> items;
  int depth = 0;
  size_t begin = 0;
  for (size_t i = 0; i <= text.size(); ++i) {
    if (depth == 0 && i == begin) {
      i = std::max(i, QuoteEnd(text, SkipBlanks(text, i)));
    }
    if (i == text.size() || (text[i] == ',' && depth == 0)) {
      items.push_back(Trim(text.substr(begin, i - begin)));
      begin = i + 1;
    } else if (text[i] == '(') {
      ++depth;
    } else if (text[i] == ')' && --depth < 0) {
      break;
    }
  }
  if (depth != 0) {
    Fail(where,
         "parentheses do not match in '{}'; a name with one of them or a comma "
         "is written \"in quotes\"",
         Quoted(text));
  }
  return items;
}

// The text inside the quotation marks if all of `item` is quoted, else `item`.
std::string Unquoted(std::string_view item) {
  if (item.empty() || QuoteEnd(item, 0) != item.size()) {
    return std::string(item);
  }
  std::string text;
  for (size_t i = 1; i + 1 < item.size(); ++i) {
    text += item[i];
    if (item[i] == '"') ++i;
  }
  return text;
}

struct Call {
  std::string_view name;
  std::vector<double> arguments;
};

// The parts of "range(0, 8)"; no name if `item` calls no known function.
Call ParseCall(std::string_view item, const std::string& where) {
  const size_t open = item.find('(');
  if (open == std::string_view::npos || !item.ends_with(')')) return {};
  const std::string_view name = Trim(item.substr(0, open));
  if (name != "range" && name != "linspace" && name != "geomspace") return {};
  Call call{name, {}};
  const std::string_view inner = item.substr(open + 1, item.size() - open - 2);
  for (std::string_view part : SplitList(inner, where)) {
    const auto number = ParseNumber<double>(part);
    if (!number || !std::isfinite(*number)) {
      Fail(where, "'{}' in {} is not a number", Quoted(part), Quoted(item));
    }
    call.arguments.push_back(*number);
  }
  return call;
}

std::vector<double> Range(const Call& call, std::string_view item,
                          const std::string& where) {
  const auto& a = call.arguments;
  if (a.empty() || a.size() > 3) {
    Fail(where, "{}: range takes (stop), (start, stop) or (start, stop, step)",
         item);
  }
  const double start = a.size() == 1 ? 0 : a[0];
  const double stop = a.size() == 1 ? a[0] : a[1];
  const double step = a.size() == 3 ? a[2] : 1;
  if (step == 0) Fail(where, "{}: the step is 0", Quoted(item));
  const double count = std::ceil((stop - start) / step);
  if (!(count >= 1)) {
    Fail(where, "{} is empty: it stops before it starts", Quoted(item));
  }
  if (count > kMostRuns) {
    Fail(where, "{} has more than {} values", Quoted(item), kMostRuns);
  }
  std::vector<double> values;
  for (double i = 0; i < count; ++i) values.push_back(start + i * step);
  return values;
}

std::vector<double> Spaced(const Call& call, std::string_view item,
                           const std::string& where) {
  const auto& a = call.arguments;
  if (a.size() != 3 || a[2] != std::floor(a[2]) || a[2] < 1 ||
      a[2] > kMostRuns) {
    Fail(where,
         "{}: {} takes (first, last, count), with a whole count of at least 1",
         Quoted(item), call.name);
  }
  // As in NumPy: start + i·step (geomspace: for base-10 logarithms), with both
  // ends exact.
  const bool geometric = call.name == "geomspace";
  if (geometric && !(a[0] * a[1] > 0)) {
    Fail(where, "{}: both ends must be nonzero and of one sign", Quoted(item));
  }
  const double sign = a[0] < 0 ? -1 : 1;
  const double start = geometric ? std::log10(sign * a[0]) : a[0];
  const double stop = geometric ? std::log10(sign * a[1]) : a[1];
  const double last = a[2] - 1;
  const double step = last > 0 ? (stop - start) / last : 0;
  std::vector<double> values;
  for (double i = 0; i <= last; ++i) {
    const double value = start + i * step;
    values.push_back(geometric ? sign * std::pow(10, value) : value);
  }
  values.front() = a[0];
  if (last > 0) values.back() = a[1];
  return values;
}

std::string ValueText(const Key& key, double value, std::string_view item,
                      const std::string& where) {
  if (key.type == KeyType::kReal) return NumberText(value);
  const double whole = std::round(value);
  if (whole < 0 || (item.starts_with("range") && whole != value) ||
      whole > 0x1p53) {
    Fail(where, "{} gives {}, but {} is a whole number", Quoted(item), value,
         key.name);
  }
  return NumberText(static_cast<uint64_t>(whole));
}

// A setting's values, or its text if the key takes no list.
std::vector<std::string> ValuesOf(const Key& key, const Setting& setting) {
  if (Trim(setting.text).empty()) {
    Fail(setting.where, "{} has no value", key.name);
  }
  if (!key.sweepable) return {Unquoted(Trim(setting.text))};
  return ParseValueList(key, setting.text, setting.where);
}

// Refuses a key that does not exist or that `context` does not take.
void CheckKey(const Setting& setting, const CommandContext& context) {
  const Key* key = FindKey(setting.key);
  if (key == nullptr) {
    std::vector<std::string_view> names;
    for (const Key& k : Keys()) {
      if ((k.commands & context.commands) != 0) names.push_back(k.name);
    }
    Fail(setting.where, "unknown key '{}'{}", Quoted(setting.key),
         DidYouMean(setting.key, names,
                    fmt::format("; 'initscope {} --help' lists them",
                                context.command)));
  }
  if ((key->commands & context.commands) == 0) {
    Fail(setting.where, "{}", NotItsKey(*key, context));
  }
}

// Later layers of settings override earlier ones; within a layer a key may
// occur only once.
using Merged = std::vector<Setting>;

void Override(const std::vector<Setting>& layer, const CommandContext& context,
              Merged* merged) {
  std::map<std::string, std::string> seen;
  for (const Setting& setting : layer) {
    CheckKey(setting, context);
    const auto [first, fresh] = seen.emplace(setting.key, setting.where);
    if (!fresh) {
      Fail(setting.where, "{} is given twice (first at {}); remove one",
           setting.key, first->second);
    }
    const auto same = std::ranges::find(*merged, setting.key, &Setting::key);
    if (same != merged->end()) {
      *same = setting;
    } else {
      merged->push_back(setting);
    }
  }
}

bool IsExperimentKey(std::string_view key) {
  return key == "name" || key == "output" || key == "jobs" || key == "theory";
}

void CheckShapeAlone(const Merged& settings) {
  const auto find = [&](std::string_view key) {
    return std::ranges::find(settings, key, &Setting::key);
  };
  const auto shape = find("shape");
  if (shape == settings.end()) return;
  for (const char* key : {"depth", "width", "input_width", "output_width"}) {
    const auto other = find(key);
    if (other != settings.end()) {
      Fail(shape->where,
           "shape names every width, so it cannot stand together with {} ({}); "
           "remove one",
           key, other->where);
    }
  }
}

void AppendProduct(const Merged& settings, Sweep* sweep) {
  SweepProduct product;
  product.begin = sweep->products.empty() ? 0 : sweep->size();
  double count = 1;
  for (const Setting& setting : settings) {
    if (IsExperimentKey(setting.key)) continue;
    product.axes.push_back(
        {setting.key, ValuesOf(*FindKey(setting.key), setting), setting.where});
    count *= static_cast<double>(product.axes.back().values.size());
  }
  const double total = count + static_cast<double>(product.begin);
  if (total > kMostRuns) {
    const auto longest = std::ranges::max_element(
        product.axes, {}, [](const auto& axis) { return axis.values.size(); });
    Fail(longest == product.axes.end() ? "sweep" : longest->where,
         "the sweep has {:.3g} runs or more, and {:.0f} is the most; shorten "
         "its longest list or split the file",
         total, kMostRuns);
  }
  product.size = static_cast<size_t>(count);
  sweep->products.push_back(std::move(product));
}

// Whether points of the sweep differ in a key.
bool IsSwept(const Sweep& sweep, std::string_view key) {
  static const std::vector<std::string> kNotSet = {""};
  const std::string* first = nullptr;
  for (const SweepProduct& product : sweep.products) {
    const auto axis =
        std::ranges::find(product.axes, key, &SweepProduct::Axis::key);
    for (const std::string& value :
         axis == product.axes.end() ? kNotSet : axis->values) {
      if (first == nullptr) first = &value;
      if (value != *first) return true;
    }
  }
  return false;
}

}  // namespace

std::vector<std::string> ParseValueList(const Key& key, std::string_view text,
                                        const std::string& where) {
  std::vector<std::string> values;
  for (std::string_view item : SplitList(text, where)) {
    if (item.empty()) {
      Fail(where, "an empty item in the list '{}'", Quoted(Trim(text)));
    }
    const bool number =
        key.type == KeyType::kReal || key.type == KeyType::kWhole;
    const Call call = number ? ParseCall(item, where) : Call{};
    if (call.name.empty()) {
      values.push_back(Unquoted(item));
      continue;
    }
    const auto expanded = call.name == "range" ? Range(call, item, where)
                                               : Spaced(call, item, where);
    for (double value : expanded) {
      values.push_back(ValueText(key, value, item, where));
    }
  }
  return values;
}

std::string NotItsKey(const Key& key, const CommandContext& context) {
  const std::string commands = CommandNames(key.commands);
  return fmt::format(
      "{} is a key of {}, and {} does not take it; remove it or use {}",
      key.name, commands, context.command,
      commands.substr(0, commands.find(',')));
}

SweepPoint Sweep::Point(size_t index) const {
  const auto product =
      std::ranges::upper_bound(products, index, {}, &SweepProduct::begin) - 1;
  index -= product->begin;
  SweepPoint point;
  for (size_t k = product->axes.size(); k-- > 0;) {
    const SweepProduct::Axis& axis = product->axes[k];
    point[axis.key] = {axis.values[index % axis.values.size()], axis.where};
    index /= axis.values.size();
  }
  return point;
}

Sweep ExpandSweep(const ExperimentText& text, const CommandContext& context) {
  Sweep sweep;
  sweep.experiment["name"] = {text.name, ""};

  Merged common;
  Override(text.common, context, &common);
  std::vector<Merged> products;
  for (const auto& section : text.sections) {
    Merged merged = common;
    for (const Setting& setting : section.settings) {
      if (IsExperimentKey(setting.key)) {
        Fail(setting.where,
             "{} belongs above the first section: it is the whole experiment's",
             setting.key);
      }
    }
    Override(section.settings, context, &merged);
    products.push_back(std::move(merged));
  }
  if (products.empty()) products.push_back(common);

  for (Merged& settings : products) {
    Override(text.flags, context, &settings);
    CheckShapeAlone(settings);
    for (const Setting& setting : settings) {
      if (IsExperimentKey(setting.key)) {
        sweep.experiment[setting.key] = {
            ValuesOf(*FindKey(setting.key), setting)[0], setting.where};
      }
    }
    AppendProduct(settings, &sweep);
  }
  for (const Key& key : Keys()) {
    if (IsSwept(sweep, key.name)) sweep.swept.emplace_back(key.name);
  }
  return sweep;
}

}  // namespace initscope
