// Drives the emulator with Notion's official client and prints what came back, as one JSON object.
// Arguments: the emulator's address, a token, the database's id, the parent page's id, and an API version.
import { createRequire } from "node:module";
import { join } from "node:path";

const [url, token, database, parent, version, modules] = process.argv.slice(2);
const notionhq = createRequire(join(modules, "/"))("@notionhq/client");
const notion = new notionhq.Client({ auth: token, baseUrl: url, notionVersion: version, retry: false });

async function refused(call) {
  try {
    await call();
  } catch (error) {
    return {
      known: notionhq.isNotionClientError(error),
      response: error instanceof notionhq.APIResponseError,
      code: error.code,
      status: error.status,
      request: typeof error.request_id,
    };
  }
  return null;
}

const seen = {};
seen.me = await notion.users.me({});
seen.users = await notion.users.list({});
seen.database = await notion.databases.retrieve({ database_id: database });
const source = seen.database.data_sources[0].id;
seen.source = await notion.dataSources.retrieve({ data_source_id: source });
seen.query = await notion.dataSources.query({ data_source_id: source, page_size: 2 });
const page = seen.query.results[0];
seen.page = await notion.pages.retrieve({ page_id: page.id });
seen.updated = await notion.pages.update({ page_id: page.id, properties: { Current: { number: 12.5 } } });
seen.created = await notion.pages.create({
  parent: { type: "data_source_id", data_source_id: source },
  properties: {
    Name: { title: [{ text: { content: "From JavaScript" } }] },
    "KR ID": { rich_text: [{ text: { content: "KR-9" } }] },
    Status: { status: { name: "On track" } },
  },
});
seen.items = {};
for (const [name, property] of Object.entries(page.properties)) {
  seen.items[name] = await notion.pages.properties.retrieve({ page_id: page.id, property_id: property.id });
}
seen.filtered = await notion.dataSources.query({
  data_source_id: source,
  filter: { and: [{ property: "KR ID", rich_text: { equals: "KR-9" } }, { property: "Done", checkbox: { equals: false } }] },
  sorts: [{ property: "Name", direction: "ascending" }],
});
const iterated = [];
for await (const row of notionhq.iteratePaginatedAPI(notion.dataSources.query, { data_source_id: source, page_size: 1 })) {
  iterated.push(row.id);
}
seen.iterated = iterated;
const everything = await notionhq.collectAllDataSourceRows(notion, { data_source_id: source });
seen.everything = everything.map((row) => row.id);
seen.full = everything.every((row) => notionhq.isFullPage(row));
seen.made = await notion.databases.create({
  parent: { type: "page_id", page_id: parent },
  title: [{ text: { content: "Made by JavaScript" } }],
  initial_data_source: {
    properties: {
      Name: { title: {} },
      Of: { relation: { data_source_id: source, type: "dual_property", dual_property: { synced_property_name: "Back" } } },
    },
  },
});
const madeSource = seen.made.data_sources[0].id;
seen.changed = await notion.dataSources.update({
  data_source_id: madeSource,
  properties: { Sum: { rollup: { relation_property_name: "Of", rollup_property_name: "Current", function: "sum" } } },
});
seen.view = await notion.views.create({ data_source_id: madeSource, name: "All", type: "table" });
seen.children = await notion.blocks.children.list({ block_id: parent });
seen.refusals = {
  invalid: await refused(() => notion.pages.update({ page_id: page.id, properties: { Status: { status: { name: "No such" } } } })),
  missing: await refused(() => notion.pages.retrieve({ page_id: "99999999-9999-4999-8999-999999999999" })),
  unauthorized: await refused(() => notion.users.me({ auth: "wrong" })),
};
process.stdout.write(JSON.stringify(seen));
