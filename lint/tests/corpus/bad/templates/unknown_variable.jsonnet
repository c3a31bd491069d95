// It was a mapper once.
local person = ctx.identity;
{
  id: person.id,
  name: if false then traits.name,
}
