"""The state machine photo_albums.

An Airflow DAG that does what the AWS Step Functions state machine of machine.asl.json
does. Each task is one state. A task chooses the one that comes next by its name; the
others are skipped. Where the names and the edges disagree, Airflow refuses the file and
shows why. Trigger it with the execution's input as the run's configuration.
"""

from datetime import UTC, datetime

from airflow import DAG

# isort: split
from sfn_provider.operators.distributed_map import (
    ChildExecutionsOperator,
    DistributedMapJoinOperator,
    DistributedMapStartOperator,
)
from sfn_provider.operators.groups import (
    MapJoinOperator,
    MapStartOperator,
    MapTaskGroup,
    TaskGroup,
)
from sfn_provider.operators.state_machine import MapStateOperator

with DAG(
    dag_id="photo_albums",
    doc_md=__doc__,
    schedule=None,
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    tags=["step-functions"],
):
    with TaskGroup(group_id="Each_album", tooltip="Each album") as each_album:
        each_album_start = MapStartOperator(
            task_id="start",
            state_name="Each album",
            items_path="$.albums",
            item_selector={
                "album.$": "$$.Map.Item.Value",
                "place.$": "$$.Map.Item.Index",
                "size.$": "$.size",
            },
        )

        with MapTaskGroup(
            group_id="item",
            max_concurrency=4,
            items=each_album_start,
        ) as each_album_item:
            each_photo = MapStateOperator(
                task_id="Each_photo",
                task_display_name="Each photo",
                state_name="Each photo",
                items_path="$.album.photos",
                item_processor={
                    "StartAt": "Shrink",
                    "States": {
                        "Shrink": {
                            "Type": "Task",
                            "Resource": "arn:aws:lambda:eu-central-1:123456789012:function:shrink",
                            "Retry": [{"ErrorEquals": ["States.ALL"]}],
                            "End": True,
                        },
                    },
                },
                result_path="$.thumbnails",
                end=True,
            )

        each_album_join = MapJoinOperator(
            task_id="join",
            state_name="Each album",
            result_path="$.albums",
            next="Each file in the bucket",
        )

        each_album_item >> each_album_join

    with TaskGroup(
        group_id="Each_file_in_the_bucket",
        tooltip="Each file in the bucket",
    ) as each_file_in_the_bucket:
        each_file_in_the_bucket_start = DistributedMapStartOperator(
            task_id="start",
            state_name="Each file in the bucket",
            item_reader={
                "Resource": "arn:aws:states:::s3:listObjectsV2",
                "Parameters": {"Bucket": "photos", "Prefix.$": "$.prefix"},
            },
            item_batcher={"MaxItemsPerBatch": 50},
            tolerated_failure_percentage=2.5,
            label="Files",
        )

        with MapTaskGroup(
            group_id="part",
            items=each_file_in_the_bucket_start,
        ) as each_file_in_the_bucket_part:
            each_file_in_the_bucket_children = ChildExecutionsOperator(
                task_id="children",
                state_name="Each file in the bucket",
                item_processor={
                    "ProcessorConfig": {
                        "Mode": "DISTRIBUTED",
                        "ExecutionType": "EXPRESS",
                    },
                    "StartAt": "Tag",
                    "States": {
                        "Tag": {
                            "Type": "Task",
                            "Resource": "arn:aws:lambda:eu-central-1:123456789012:function:tag",
                            "End": True,
                        },
                    },
                },
            )

        each_file_in_the_bucket_join = DistributedMapJoinOperator(
            task_id="join",
            state_name="Each file in the bucket",
            result_writer={
                "Resource": "arn:aws:states:::s3:putObject",
                "Parameters": {"Bucket": "photos", "Prefix": "tags"},
            },
            end=True,
        )

        each_file_in_the_bucket_part >> each_file_in_the_bucket_join

    each_album >> each_file_in_the_bucket
