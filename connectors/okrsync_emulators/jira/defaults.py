"""Declare what every site has from the start: the system's fields and a simple workflow's statuses."""

from __future__ import annotations

from dataclasses import replace

from okrsync_emulators.jira.world import EPIC_LINK, PARENT_LINK, SPRINT, Field, Kind, Status


def default_statuses() -> list[Status]:
    return [
        Status(id="10000", name="To Do", category="new", names={"de": "Zu erledigen"}),
        Status(id="3", name="In Progress", category="indeterminate", names={"de": "In Arbeit"}),
        Status(id="10001", name="In Review", category="indeterminate", names={"de": "In Prüfung"}),
        Status(id="10002", name="Done", category="done", names={"de": "Fertig"}),
    ]


def default_fields(kind: Kind) -> list[Field]:
    """The system fields, and those custom fields that Jira Software itself brings along."""
    greenhopper = "com.pyxis.greenhopper.jira"
    found = [
        Field(id="issuekey", name="Key", type="string", clauses=("key", "issue", "issuekey", "id")),
        Field(id="project", name="Project", type="project", clauses=("project",)),
        Field(id="issuetype", name="Issue Type", type="issuetype", clauses=("issuetype", "type")),
        Field(id="status", name="Status", type="status", clauses=("status",)),
        Field(
            id="statusCategory", name="Status Category", type="statusCategory", clauses=("statuscategory",)
        ),
        Field(id="resolution", name="Resolution", type="resolution", clauses=("resolution",)),
        Field(id="created", name="Created", type="datetime", clauses=("created", "createddate")),
        Field(id="updated", name="Updated", type="datetime", clauses=("updated", "updateddate")),
        Field(id="resolutiondate", name="Resolved", type="datetime", clauses=("resolutiondate", "resolved")),
        Field(id="duedate", name="Due date", type="date", clauses=("due", "duedate")),
        Field(id="assignee", name="Assignee", type="user", clauses=("assignee",)),
        Field(id="reporter", name="Reporter", type="user", clauses=("reporter",)),
        Field(id="priority", name="Priority", type="priority", clauses=("priority",)),
        Field(id="labels", name="Labels", type="array", item="string", clauses=("labels",)),
        Field(id="fixVersions", name="Fix versions", type="array", item="version", clauses=("fixversion",)),
        Field(id="components", name="Components", type="array", item="component", clauses=("component",)),
        Field(id="summary", name="Summary", type="string", clauses=("summary",)),
        Field(id="parent", name="Parent", type="issuelink", clauses=("parent",)),
        Field(id="timespent", name="Time Spent", type="number", clauses=("timespent",)),
        Field(
            id="timeoriginalestimate",
            name="Original estimate",
            type="number",
            clauses=("originalestimate", "timeoriginalestimate"),
        ),
        Field(
            id="timeestimate",
            name="Remaining Estimate",
            type="number",
            clauses=("remainingestimate", "timeestimate"),
        ),
        # Unknown: whether JQL takes the sum over sub-tasks; the seed gives it as it gives the others.
        Field(id="aggregatetimespent", name="Σ Time Spent", type="number", clauses=("aggregatetimespent",)),
        Field(
            id=SPRINT,
            name="Sprint",
            type="array",
            item="json",
            custom=f"{greenhopper}:gh-sprint",
            clauses=("sprint",),
        ),
    ]
    if kind == "cloud":
        found.append(
            Field(
                id="statuscategorychangedate",
                name="Status Category Changed",
                type="datetime",
                clauses=("statuscategorychangeddate",),
            )
        )
        # "Epic Link" and "Parent Link" still work in Cloud's JQL and mean the parent.
        return [
            replace(known, clauses=("parent", "epic link", "parent link")) if known.id == "parent" else known
            for known in found
        ]
    found.append(
        Field(
            id=EPIC_LINK,
            name="Epic Link",
            type="any",
            custom=f"{greenhopper}:gh-epic-link",
            clauses=("epic link",),
        )
    )
    found.append(
        Field(
            id=PARENT_LINK,
            name="Parent Link",
            type="any",
            custom="com.atlassian.jpo:jpo-custom-field-parent",
            clauses=("parent link",),
        )
    )
    return found
