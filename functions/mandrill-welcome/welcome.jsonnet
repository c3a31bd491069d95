// The welcome mail. Put your own sending address here; its domain must be verified in Mandrill.
local from = 'hello@example.com';
local subject = 'Hello from Ory';
local text = 'Welcome to Ory! Have fun and happy hacking!';

// A stranger can sign up with another person's address and any name at all. A name that could
// carry a link, a merge tag or an invisible character is not greeted, or this mail would carry
// the stranger's message to that person.
local longestName = 40;
local unfit = [
  // Controls, and whatever is not seen: fillers, joiners, marks of direction, annotations.
  [127, 159], [173, 173], [847, 847], [1564, 1564], [4447, 4448], [6068, 6069], [6155, 6159],
  [8203, 8207], [8232, 8238], [8288, 8303], [10240, 10240], [12644, 12644], [65024, 65039],
  [65279, 65279], [65520, 65535], [113824, 113827], [119155, 119162],
  // Private use; and beyond all scripts, tags and selectors.
  [57344, 63743], [917504, 1114111],
  // Dots, slashes and the like of other scripts, which programs take for those of a link.
  [8228, 8230], [8260, 8260], [8725, 8725], [8758, 8758], [10744, 10744], [12290, 12290],
  [65104, 65131], [65280, 65519],
];
local accents = [[768, 879], [1155, 1161], [6832, 6911], [7616, 7679], [8400, 8447], [65056, 65071]];
local isIn(ranges, code) = std.any([code >= range[0] && code <= range[1] for range in ranges]);
local isPlain(char) =
  local code = std.codepoint(char);
  if code < 127 then code >= 32 && !std.member('/:@.\\|{', char) else !isIn(unfit, code);
local isAccent(char) =
  local code = std.codepoint(char);
  code >= 768 && isIn(accents, code);
local contains(text, part) = std.findSubstr(part, text) != [];
// A letter has an accent or two. More of them run over the lines around it.
local isFlooded(chars) = contains(std.join('', [if isAccent(char) then '^' else ' ' for char in chars]), '^^^');
local isAscii(text) = std.length(std.encodeUTF8(text)) == std.length(text);
local isGreetable(name) =
  std.isString(name) && name != '' && std.length(name) <= longestName
  && (
    local chars = std.stringChars(name);
    std.all([isPlain(char) for char in chars]) && (isAscii(name) || !isFlooded(chars))
  );

local get(object, field) = if std.isObject(object) then std.get(object, field);

function(ctx)
  local traits = get(ctx.identity, 'traits');
  local name = get(traits, 'name');
  local given = if std.isObject(name) then std.get(name, 'first') else name;
  local greeting = if isGreetable(given) then 'Hello ' + std.escapeStringXML(given) + ',' else 'Hello,';

  // The function adds the one address to write to, or null where there is none.
  if ctx.recipient == null then
    error 'cancel: nobody to write to'
  else {
    message: {
      from_email: from,
      subject: subject,
      text: text,
      html: '<p>' + greeting + '</p><p>' + std.escapeStringXML(text) + '</p>',
      to: [{ email: ctx.recipient, type: 'to' }],
      tags: ['welcome'],
    },
    // One welcome in a life: another event of the same identity is a duplicate.
    [if get(ctx.identity, 'id') != null then 'idempotency_key']: ctx.identity.id,
  }
